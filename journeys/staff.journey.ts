import { expect } from 'vitest'
import { barriers } from './access'
import { newStaff } from './operator'
import { StaffVisit } from './staff'
import { journey } from './visit'

journey('a member of staff sets up the account by a one-time link, logs in with two steps, and nobody does with one', async ({ visit }) => {
  const { page } = await visit('demo01')
  const link = await newStaff('system_administrator', 'chenjing', '陈静')
  await page.goto(link)
  await page.getByRole('heading', { name: '陈静，您好' }).waitFor()
  expect(await barriers(page), 'the link').toEqual([])
  const staff = await StaffVisit.join(page, link, 'chenjing', 'Maolin-42-yezi')
  expect(staff.recoveryCodes).toHaveLength(10)

  await staff.logIn()
  await page.getByRole('link', { name: '平台账号' }).first().click()
  await page.getByRole('row').filter({ hasText: 'chenjing' }).getByText('正常').waitFor()
  expect(await barriers(page), 'accounts').toEqual([])
  // The link was good once.
  await page.goto(link)
  await page.getByText('这个链接已失效').waitFor()
  // The password alone opens nothing.
  await page.goto('/staff/login')
  await page.getByLabel('登录名').fill(staff.loginName)
  await page.getByLabel('密码', { exact: true }).fill(staff.password)
  await page.getByRole('button', { name: '下一步' }).click()
  await page.getByLabel('动态码').waitFor()
  await page.goto('/desk')
  await page.waitForURL('**/staff/login**')
  // A recovery code stands in for the phone.
  await staff.logInByRecoveryCode()
  // What is not theirs says so.
  await page.goto('/desk/audit-events')
  await page.getByRole('heading', { name: '这里不对您开放' }).waitFor()
  expect(await barriers(page), 'not open').toEqual([])
})

journey('an account that one administrator asks for and another approves can be set up', async ({ visit }) => {
  const one = await visit('demo01')
  const other = await visit('demo02')
  const third = await visit('demo03')
  const asks = await StaffVisit.join(one.page, await newStaff('system_administrator', 'linhai', '林海'), 'linhai', 'Maolin-42-yezi')
  const decides = await StaffVisit.join(other.page, await newStaff('security_administrator', 'wumei', '吴梅'), 'wumei', 'Maolin-42-yezi')
  await asks.logIn()
  await asks.page.goto('/desk/staff-accounts')
  await asks.page.getByRole('button', { name: '申请开账号' }).click()
  const form = asks.page.getByRole('dialog')
  await form.getByLabel('登录名').fill('huangyue')
  await form.getByLabel('姓名').fill('黄月')
  await form.getByText('监管账号').click()
  await form.getByLabel('行政区划').selectOption({ label: '海口市' })
  await form.getByLabel('理由').fill('海口市新增监管人员')
  await form.getByRole('button', { name: '提出申请' }).click()
  await form.waitFor({ state: 'hidden' })
  await asks.page.goto('/desk/approvals')
  await asks.page.getByText('您提出的，须由另一人复核').waitFor()

  await decides.logIn()
  await decides.page.goto('/desk/approvals')
  await decides.page.getByRole('article').filter({ hasText: 'huangyue' }).getByRole('button', { name: '批准', exact: true }).click()
  await decides.page.getByRole('dialog').getByRole('button', { name: '批准' }).click()
  await decides.page.getByRole('article').filter({ hasText: 'huangyue' }).getByText('已批准', { exact: true }).waitFor()
  await asks.page.goto('/desk/approvals')
  await asks.page.getByRole('article').filter({ hasText: 'huangyue' }).getByRole('button', { name: '取链接' }).click()
  const address = new URL(await asks.page.locator('.link').innerText())
  const made = await StaffVisit.join(third.page, address.pathname + address.hash, 'huangyue', 'Maolin-42-yezi')
  await made.logIn()
  await third.page.getByText('监管账号 · 海口市').waitFor()
})
