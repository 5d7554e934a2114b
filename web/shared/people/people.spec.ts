import { describe, expect, it } from 'vitest'
import { birthDateFault, birthDateNeeded, commonPasswords, documentFault, isGoodPassword, isPersonName, isPhone, maskedPhone, normalNumber, passwordRules, sixDigits, spacedPhone, spacedSecret } from './index'

const TODAY = '2026-11-24'

const fault = (typed: string, today: string) => documentFault('resident_id', typed, today)

/** With the check that GB 11643 asks for; made up. */
function numberOf(first17: string): string {
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
  const sum = weights.reduce((total, weight, at) => total + weight * Number(first17[at]), 0)
  return first17 + '10X98765432'[sum % 11]
}

describe('an identity number', () => {
  it('is taken as the standard gives it, however it is typed', () => {
    for (const good of ['11010519491231002X', '460200200002291239', '460100199001010019']) expect(fault(good, TODAY)).toBeNull()
    expect(normalNumber(' １１０１０５ 19491231 002x ')).toBe('11010519491231002X')
  })

  it('is not refused for its area', () => {
    for (const area of ['460001', '469003', '990000', '000000']) {
      expect(fault(numberOf(`${area}19900101001`), TODAY)).toBeNull()
    }
  })

  it('says what is wrong', () => {
    const faults: [string, string][] = [
      ['', 'missing'],
      ['110105491231002', 'old_form'],
      ['1101051949123100', 'length'],
      ['1101051949123100AX', 'form'],
      ['110105194912310021', 'check'],
      [numberOf('11010519490230002'), 'birth_date'],
      [numberOf('11010519010229002'), 'birth_date'],
      [numberOf('11010520270101002'), 'birth_date'],
      ['440524188001010014', 'birth_date'],
    ]
    for (const [typed, expected] of faults) expect(fault(typed, TODAY), typed).toBe(expected)
  })

  it('finds every single wrong digit and every swap of neighbours', () => {
    const good = '460200200002291239'
    for (let at = 0; at < 17; at += 1) {
      for (const digit of '0123456789') {
        const changed = good.slice(0, at) + digit + good.slice(at + 1)
        if (changed !== good) expect(fault(changed, TODAY), changed).not.toBeNull()
      }
      const swapped = good.slice(0, at) + good[at + 1] + good[at] + good.slice(at + 2)
      if (swapped !== good) expect(fault(swapped, TODAY), swapped).not.toBeNull()
    }
  })

  it('lets in who is fourteen today, and nobody a day younger', () => {
    expect(fault(numberOf('46010020121124001'), TODAY)).toBeNull()
    expect(fault(numberOf('46010020121125001'), TODAY)).toBe('too_young')
    expect(fault(numberOf('46010020120229001'), '2026-02-28')).toBe('too_young')
    expect(fault(numberOf('46010020120229001'), '2026-03-01')).toBeNull()
  })
})

describe('another document', () => {
  it('has a form of its own', () => {
    const cases = [
      ['residence_permit', numberOf('81000019900101001'), null],
      ['residence_permit', numberOf('46010019900101001'), 'form'],
      ['hk_macao_permit', 'h12345678', null],
      ['hk_macao_permit', 'M1234567801', null],
      ['hk_macao_permit', '12345678', 'form'],
      ['taiwan_permit', '12345678', null],
      ['taiwan_permit', '123456789', 'form'],
      ['passport', 'E12345678', null],
      ['passport', 'ABCDEF', 'form'],
      ['passport', 'E 1234 5678', null],
      ['foreign_permanent_resident', 'USA123456789012', null],
      ['foreign_permanent_resident', numberOf('91184019900101001'), null],
      ['foreign_permanent_resident', '12345', 'form'],
    ] as const
    for (const [kind, typed, expected] of cases) expect(documentFault(kind, typed, TODAY), `${kind} ${typed}`).toBe(expected)
  })

  it('leaves the day of birth to be typed where it does not say it', () => {
    expect(birthDateNeeded('resident_id', '11010519491231002X')).toBe(false)
    expect(birthDateNeeded('passport', 'E12345678')).toBe(true)
    expect(birthDateNeeded('foreign_permanent_resident', numberOf('91184019900101001'))).toBe(false)
    expect(['', '2027-01-01', '1906-11-24', '2012-11-25', '2012-11-24', '1906-11-25'].map((born) => birthDateFault(born, TODAY))).toEqual([
      'missing', 'birth_date', 'birth_date', 'too_young', null, null,
    ])
  })
})

describe('a name', () => {
  it('may be of any people, and has no digits and signs', () => {
    for (const good of ['符秀英', '阿依古丽·买买提', '阿依古丽•买买提', '张 三', '𫍽𬶍', 'Mary-Jane O’Neil', 'José García Jr.', 'Nguyễn Văn A']) expect(isPersonName(good), good).toBe(true)
    for (const bad of ['', '符', '王5', '张三!', '·张三', '张··三', '张三ab', 'x'.repeat(51)]) expect(isPersonName(bad), bad).toBe(false)
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
