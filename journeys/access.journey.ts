import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { barriers } from './access'
import { DEMO_CLASS } from './classes'
import { journey, PHONE, type Visit } from './visit'
import { passCheck, pauses, plays } from './watching'

journey('every page meets WCAG AA, in both sizes of type, on a PC and on a phone', async ({ visit }) => {
  const guest = await visit('demo07')
  await guest.page.goto('/login')
  await inBothSizes(guest.page, 'login')
  await guest.page.getByRole('button', { name: '登录', exact: true }).click()
  await guest.page.getByText('请填写密码').waitFor()
  expect(await barriers(guest.page), 'login, refused').toEqual([])

  await walk(guest)
  await walk(await visit('demo07', PHONE))
})

async function walk(learner: Visit): Promise<void> {
  const { page } = learner
  await learner.logIn()
  await page.getByRole('article').first().waitFor()
  await inBothSizes(page, 'home')
  const { id, continue_lesson } = await learner.classNamed(DEMO_CLASS)
  const pages: [string, string | RegExp][] = [
    [`/classes/${id}`, '消防安全入门'],
    [`/hours/${id}`, '已计入学时'],
    ['/account', '显示完整信息'],
    ['/account/security', '修改密码'],
    ['/account/face', '效力一样'],
    ['/account/privacy', '注销账号'],
    // The phone is a device that was not used before, which is told.
    ['/notices', /还没有消息|在新设备上登录/],
    ['/join', '用邀请码'],
    ['/classes/00000000-0000-0000-0000-000000000001', '这个班级暂时取不到'],
    ['/no-such-page', '没有这个页面'],
    [`/hour-lists/${id}`, '学时统计清单'],
  ]
  await page.goto(`/classes/${id}/lessons/${continue_lesson?.lesson_id ?? ''}`)
  // In a lesson of a minute a check may come within the first seconds.
  await plays(page).catch(async () => {
    await passCheck(page)
    await plays(page)
  })
  await pauses(page)
  await inBothSizes(page, 'lesson')
  for (const [path, words] of pages) {
    await page.goto(path)
    await page.getByText(words).first().waitFor()
    await inBothSizes(page, path)
  }
}

async function inBothSizes(page: Page, name: string): Promise<void> {
  for (const size of ['large', 'normal']) {
    await page.evaluate((type) => (document.documentElement.dataset.type = type), size)
    expect(await barriers(page), `${name}, ${size}`).toEqual([])
  }
}
