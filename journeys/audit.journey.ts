import { expect } from 'vitest'
import { barriers } from './access'
import { newStaff } from './operator'
import { StaffVisit } from './staff'
import { journey } from './visit'

journey('the audit administrator finds who looked at a learner', async ({ visit }) => {
  const desk = await visit('demo01')
  const trail = await visit('demo02')
  const officer = await StaffVisit.join(desk.page, await newStaff('supervisor', 'wanghaitao', '王海涛', '--region', '469002'), 'wanghaitao', 'Maolin-42-yezi')
  await officer.logIn()
  await officer.page.getByRole('link', { name: '学员' }).first().click()
  await officer.page.getByLabel('登录名').fill('demo10')
  await officer.page.getByRole('button', { name: '查询' }).click()
  await officer.page.getByRole('row').filter({ hasText: 'demo10' }).getByRole('link').click()
  await officer.page.getByRole('button', { name: '看学时' }).first().click()
  await officer.page.getByText('已计入').first().waitFor()
  expect(await barriers(officer.page), 'learner').toEqual([])

  const auditor = await StaffVisit.join(trail.page, await newStaff('audit_administrator', 'zhoumin', '周敏'), 'zhoumin', 'Maolin-42-yezi')
  await auditor.logIn()
  const { page } = auditor
  await page.getByRole('link', { name: '审计记录' }).first().click()
  await page.getByLabel('对谁、对什么').fill('demo10')
  await page.getByLabel('做了什么').selectOption({ label: '查阅学员' })
  await page.getByRole('button', { name: '查询' }).click()
  for (const look of ['查看学员', '查看学员学时']) {
    const row = page.getByRole('row').filter({ has: page.getByText(look, { exact: true }) })
    await row.first().waitFor()
    expect(await row.first().innerText()).toContain('wanghaitao')
    expect(await row.first().innerText()).toContain('监管账号')
  }
  expect(await barriers(page), 'trail').toEqual([])
  // Looking is in it too.
  await page.getByRole('button', { name: '清空条件' }).click()
  await page.getByRole('row').filter({ hasText: '查询审计记录' }).filter({ hasText: 'zhoumin' }).first().waitFor()
})
