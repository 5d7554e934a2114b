import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { barriers } from './access'
import { classes } from './classes'
import { journey } from './visit'
import { checkOf, plays, stands } from './watching'

journey('a learner without a mouse logs in, plays, pauses and passes a check', async ({ visit }) => {
  const learner = await visit('demo05')
  const { page } = learner
  const { keyboard } = page
  await page.goto('/login')
  await tabTo(page, '账号或手机号')
  await keyboard.type(learner.loginName)
  await tabTo(page, '密码')
  await keyboard.type(learner.password)
  await keyboard.press('Enter')
  await page.waitForURL('/')
  await page.getByRole('article').first().waitFor()

  await tabTo(page, `进入班级${classes.keyboard.title}`)
  await keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: classes.keyboard.title }).waitFor()
  await tabTo(page, '灭火器怎么用')
  await keyboard.press('Enter')
  await plays(page)
  const { classId, lessonId } = place(page)
  await keyboard.press('Space')
  await stands(page)
  await keyboard.press('Space')
  await plays(page)

  const check = checkOf(page)
  await check.waitFor()
  expect(await barriers(page)).toEqual([])
  // The focus stays in the question, however often one tabs.
  for (let tabs = 0; tabs < 6; tabs += 1) {
    await keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.closest('.el-dialog.check, .el-overlay') !== null)).toBe(true)
  }
  const asked = (await check.locator('.ask b').innerText()).trim()
  await keyboard.press(asked)
  await check.waitFor({ state: 'hidden' })
  await expect
    .poll(async () => (await learner.lesson(classId, lessonId)).totals.verified_ms, { timeout: 30_000 })
    .toBeGreaterThan(5_000)
})

/** Tabs on until what has the focus carries this name. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let tabs = 0; tabs < 60; tabs += 1) {
    const focused = await page.evaluate(() => {
      const element = document.activeElement
      if (element === null || element.matches('body, main')) return ''
      const label = element instanceof HTMLInputElement ? element.labels?.[0]?.textContent : null
      return label ?? element?.getAttribute('aria-label') ?? element?.textContent ?? ''
    })
    if (focused.replaceAll(/\s+/g, ' ').includes(name)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`the keyboard does not reach ${name}`)
}

function place(page: Page): { classId: string; lessonId: string } {
  const [, , classId = '', , lessonId = ''] = new URL(page.url()).pathname.split('/')
  return { classId, lessonId }
}
