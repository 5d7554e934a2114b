import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, inject } from 'vitest'
import type { Page } from 'playwright-core'
import { barriers } from './access'
import { madeUpNumber } from './id-number'
import { operate, smsCode } from './operator'
import { journey } from './visit'

/** Somebody who looks for each key. */
const KEY_MS = 1_000
const MOST_TYPING_MS = 60_000

journey('a newcomer registers with less than a minute of typing, joins a class by its code, and resets a forgotten password', async ({ visit }) => {
  const { page } = await visit('')
  const phone = '13876000101'
  const typing = new Typing(page)
  const code = /邀请码 ([0-9A-Z]{5}-[0-9A-Z]{5})/.exec(await operate('class', 'invite', '--class', 'LX-0002'))?.[1] ?? ''

  await page.goto(`/join/${code}`)
  await page.waitForURL('**/login**')
  await page.getByRole('button', { name: '注册' }).click()
  await typing.type('手机号', phone)
  await page.getByRole('button', { name: '获取验证码' }).click()
  const first = await smsCode(phone)
  await typing.type('验证码', first)
  await page.getByRole('button', { name: '下一步' }).click()

  await page.getByRole('heading', { name: '您是谁' }).waitFor()
  expect(await barriers(page), 'who').toEqual([])
  await typing.type('姓名', '符小妹')
  await typing.type('证件号码', madeUpNumber('19920229', 2))
  await page.getByLabel('所在市县').selectOption({ label: '琼海市' })
  await page.getByText('灵活就业人员').click()
  await page.getByRole('button', { name: '下一步' }).click()

  await page.getByRole('heading', { name: '设密码，再逐项决定' }).waitFor()
  expect(await page.getByRole('checkbox', { checked: true }).count(), 'nothing is ticked beforehand').toBe(0)
  expect(await barriers(page), 'consents').toEqual([])
  const password = 'yezi-maolin-42'
  await typing.type('登录密码', password)
  await page.getByText('服务协议与个人信息处理规则').click()
  await page.getByText('同意处理证件号码').click()
  await page.getByRole('button', { name: '按我的选择注册' }).click()
  await page.getByRole('heading', { name: '符小妹，注册好了' }).waitFor()
  expect(typing.ms, 'typing').toBeLessThan(MOST_TYPING_MS)

  await page.getByRole('button', { name: '继续' }).click()
  await page.getByRole('heading', { name: '补录练习班' }).waitFor()
  expect(await barriers(page), 'pledge').toEqual([])
  await page.getByText('我已看过承诺书，愿意遵守').click()
  await page.getByRole('button', { name: '加入这个班' }).click()
  await page.getByText('已加入').first().waitFor()
  await page.getByRole('button', { name: '进入班级' }).click()
  await page.getByRole('heading', { level: 1, name: '补录练习班' }).waitFor()

  await page.goto('/account/privacy')
  await page.getByText('没有给过').first().waitFor()
  await page.goto('/account')
  await page.getByText('138****0101').waitFor()
  await page.getByRole('button', { name: '显示完整信息' }).click()
  await page.getByRole('dialog').getByLabel('现在的密码').fill(password)
  expect(await barriers(page), 'password once more').toEqual([])
  await page.getByRole('dialog').getByRole('button', { name: '显示', exact: true }).click()
  await page.getByText(phone).waitFor()
  await page.getByRole('button', { name: '退出登录' }).click()
  await page.waitForURL('**/login')

  await page.getByRole('link', { name: '忘了密码' }).click()
  await page.getByLabel('手机号').fill(phone)
  await askAgain(page)
  await page.getByLabel('验证码', { exact: true }).fill(await smsCode(phone, [first]))
  await page.getByLabel('新密码').fill('langhua-85-sha')
  await page.getByRole('button', { name: '重设密码' }).click()
  await page.getByText('密码改好了').waitFor()
  await page.getByRole('button', { name: '登录', exact: true }).click()
  await logIn(page, phone, password)
  await page.getByText('账号或密码不对').waitFor()
  await logIn(page, phone, 'langhua-85-sha')
  await page.getByRole('heading', { level: 1 }).filter({ hasText: '符小妹' }).waitFor()
})

journey('who is on a roster finds the name filled in, is confirmed, and joins the class at once', async ({ visit }) => {
  const { page } = await visit('')
  const [phone, number] = ['13876000102', madeUpNumber('19880817', 5)]
  const roster = join(inject('data'), 'roster.csv')
  await writeFile(roster, `姓名,证件号码,手机号码\n吴秋月,${number},${phone}\n`)
  await operate('class', 'roster', '--class', 'LX-0003', roster)

  await page.goto('/register')
  await page.getByLabel('手机号').fill(phone)
  await page.getByRole('button', { name: '获取验证码' }).click()
  await page.getByLabel('验证码', { exact: true }).fill(await smsCode(phone))
  await page.getByRole('button', { name: '下一步' }).click()
  await page.getByText('名册里有您').waitFor()
  expect(await page.getByLabel('姓名').inputValue()).toBe('吴秋月')
  await page.getByLabel('证件号码').fill(number)
  await page.getByText('其他', { exact: true }).click()
  await page.getByRole('button', { name: '下一步' }).click()
  await page.getByLabel('登录密码').fill('qiuyue-hai-73')
  await page.getByText('服务协议与个人信息处理规则').click()
  await page.getByText('同意处理证件号码').click()
  await page.getByRole('button', { name: '按我的选择注册' }).click()
  await page.getByText('身份已按培训机构的名册确认').waitFor()
  await page.getByRole('button', { name: '加入名册里的班级' }).click()
  await page.getByRole('button', { name: /查看.*两台设备练习班/ }).click()
  await page.getByText('我已看过承诺书，愿意遵守').click()
  await page.getByRole('button', { name: '加入这个班' }).click()
  await page.getByText('已加入').first().waitFor()
})

/** A phone gets one code a minute, whatever for: the page says how long to wait, and lets go on then. */
async function askAgain(page: Page): Promise<void> {
  const ask = page.getByRole('button', { name: '获取验证码' })
  const sent = page.getByText('已发到')
  await ask.click()
  await sent.or(page.getByText(/刚发过，\d+ 秒后可以再获取/)).waitFor()
  if (await sent.isVisible()) return
  await ask.click({ timeout: 90_000 })
  await sent.waitFor()
}

class Typing {
  ms = 0

  constructor(private readonly page: Page) {}

  /** Fills a field, and counts how long a slow typist takes. */
  async type(label: string, text: string): Promise<void> {
    await this.page.getByLabel(label, { exact: true }).fill(text)
    this.ms += text.length * KEY_MS
  }
}

async function logIn(page: Page, name: string, password: string): Promise<void> {
  await page.getByLabel('账号或手机号').fill(name)
  await page.getByLabel('密码', { exact: true }).fill(password)
  await page.getByRole('button', { name: '登录', exact: true }).click()
}
