import { describe, expect, it } from 'vitest'
import { commonPasswords, idNumberFault, isGoodPassword, isPhone, maskedPhone, normalIdNumber, passwordRules, sixDigits, spacedPhone, spacedSecret } from './index'

const TODAY = '2026-11-24'

/** With the check that GB 11643 asks for; made up. */
function numberOf(first17: string): string {
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
  const sum = weights.reduce((total, weight, at) => total + weight * Number(first17[at]), 0)
  return first17 + '10X98765432'[sum % 11]
}

describe('an identity number', () => {
  it('is taken as the standard gives it, however it is typed', () => {
    for (const good of ['11010519491231002X', '460200200002291239', '460100199001010019']) expect(idNumberFault(good, TODAY)).toBeNull()
    expect(normalIdNumber(' １１０１０５ 19491231 002x ')).toBe('11010519491231002X')
  })

  it('is not refused for its area', () => {
    for (const area of ['460001', '469003', '990000', '000000']) {
      expect(idNumberFault(numberOf(`${area}19900101001`), TODAY)).toBeNull()
    }
  })

  it('says what is wrong', () => {
    const faults: [string, string][] = [
      ['', 'missing'],
      ['110105491231002', 'old_form'],
      ['1101051949123100', 'length'],
      ['1101051949123100AX', 'characters'],
      ['110105194912310021', 'check'],
      [numberOf('11010519490230002'), 'birth_date'],
      [numberOf('11010519010229002'), 'birth_date'],
      [numberOf('11010520270101002'), 'birth_date'],
    ]
    for (const [typed, fault] of faults) expect(idNumberFault(typed, TODAY), typed).toBe(fault)
  })

  it('finds every single wrong digit and every swap of neighbours', () => {
    const good = '460200200002291239'
    for (let at = 0; at < 17; at += 1) {
      for (const digit of '0123456789') {
        const changed = good.slice(0, at) + digit + good.slice(at + 1)
        if (changed !== good) expect(idNumberFault(changed, TODAY), changed).not.toBeNull()
      }
      const swapped = good.slice(0, at) + good[at + 1] + good[at] + good.slice(at + 2)
      if (swapped !== good) expect(idNumberFault(swapped, TODAY), swapped).not.toBeNull()
    }
  })

  it('lets in who is fourteen today, and nobody a day younger', () => {
    expect(idNumberFault(numberOf('46010020121124001'), TODAY)).toBeNull()
    expect(idNumberFault(numberOf('46010020121125001'), TODAY)).toBe('under_age')
    expect(idNumberFault(numberOf('46010020120229001'), '2026-02-28')).toBe('under_age')
    expect(idNumberFault(numberOf('46010020120229001'), '2026-03-01')).toBeNull()
  })
})

describe('a phone number', () => {
  it('is eleven digits of a mainland mobile, with or without its country', () => {
    for (const good of ['13812345678', '138 1234 5678', '+86 138-1234-5678', '008619912345678', '１３８１２３４５６７８']) expect(isPhone(good), good).toBe(true)
    for (const bad of ['', '1381234567', '138123456789', '12812345678', '0898-12345678', 'phone']) expect(isPhone(bad), bad).toBe(false)
  })

  it('is spaced while it is typed and masked when it is shown', () => {
    expect(['1', '1381', '13812345', '138123456789'].map(spacedPhone)).toEqual(['1', '138 1', '138 1234 5', '138 1234 5678'])
    expect(maskedPhone('138 1234 5678')).toBe('138****5678')
  })
})

describe('a new password', async () => {
  const common = await commonPasswords()
  const learner = { staff: false, loginName: 'fuxiuying', common }
  const staff = { staff: true, loginName: 'chenjing', common }

  it('is judged as the server judges it', () => {
    const bad = [
      '12345678', '87654321', '11111111', '66668888', 'password', 'Password1', 'P@ssw0rd', 'qwerty123', '1qaz2wsx', 'abcdefgh', 'woaini1314',
      'zhangwei123', 'lixiuying', 'hainan2026', 'qionghai@123', '19900215', 'zw19900215', 'admin123', 'fuxiuying1', 'Fuxiuying@2026', 'abcabcab',
      'a1234567', 'zhipei2026', 'hainanhainan', '', 'a', '1234567', '七个字不算长呀', 'ab7 '.repeat(33),
    ]
    for (const one of bad) expect(isGoodPassword(one, learner), one).toBe(false)
    const good = ['密码😀 '.repeat(16), 'correct horse battery staple', '海上生明月天涯共此时', 'kT7#mvq2Lp', 'spaces are fine too', '椰风海韵椰风海韵椰风海韵']
    for (const one of good) expect(isGoodPassword(one, learner), one).toBe(true)
  })

  it('of staff has twelve characters of three kinds', () => {
    for (const bad of ['Ab1!Ab1!xyz', 'abcdefghijkl', 'mvqkt82mvqkt', 'Password12345', 'Chenjing2026!', 'Admin@123456']) expect(isGoodPassword(bad, staff), bad).toBe(false)
    for (const good of ['Mvqkt82qlpw7', 'mvqkt-82-qlp', '椰风海韵 Ab 天涯共此时']) expect(isGoodPassword(good, staff), good).toBe(true)
  })

  it('is told rule by rule', () => {
    expect(passwordRules('mvqkt', staff)).toEqual([
      { name: 'length', kept: false },
      { name: 'kinds', kept: false },
      { name: 'common', kept: false },
    ])
  })
})

describe('codes', () => {
  it('are read from what was typed or pasted, and shown in fours', () => {
    expect(sixDigits(' 123 456 7')).toBe('123456')
    expect(spacedSecret('JBSWY3DPEHPK3PXPA')).toBe('JBSW Y3DP EHPK 3PXP A')
  })
})
