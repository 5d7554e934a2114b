/** What a learner does in the player. */
import type { Locator, Page } from 'playwright-core'
import { SOON } from './visit'

export const checkOf = (page: Page): Locator => page.locator('.el-dialog.check:visible')
/** The card at the end of a lesson; of its last check there is nothing left to ask. */
export const endOf = (page: Page): Locator => page.getByRole('heading', { name: '这一节看完了' })
export const allCountedOf = (page: Page): Locator => page.getByText('本节已全部计入。')
/** The player ignores an answer that comes quicker than a person can read. */
const REACTION_MS = 800

export async function positionMs(page: Page): Promise<number> {
  return page.evaluate(() => Math.round((document.querySelector('video')?.currentTime ?? 0) * 1000))
}

/** Waits until the film runs, after the click that some browsers ask for, and has run a second. */
export async function plays(page: Page): Promise<void> {
  const click = page.getByRole('button', { name: '点一下开始播放' })
  const runs = page.waitForFunction(() => {
    const film = document.querySelector('video')
    return film !== null && !film.paused && film.readyState >= 3
  })
  await Promise.race([runs, click.click().then(() => runs)])
  await playsPast(page, (await positionMs(page)) + 1_000)
}

export async function playsPast(page: Page, ms: number, timeout = SOON + ms): Promise<void> {
  await page.waitForFunction((at) => (document.querySelector('video')?.currentTime ?? 0) * 1000 >= at, ms, { timeout })
}

export async function pauses(page: Page): Promise<number> {
  await page.getByRole('button', { name: '暂停' }).click()
  await stands(page)
  return positionMs(page)
}

export async function stands(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector('video')?.paused === true)
}

/** Clicks the number that is asked for. */
export async function passCheck(page: Page): Promise<void> {
  const check = checkOf(page)
  await check.waitFor()
  const asked = (await check.locator('.ask b').innerText()).trim()
  await page.waitForTimeout(REACTION_MS)
  await check.getByRole('button', { name: asked, exact: true }).click()
  await check.waitFor({ state: 'hidden' })
}

/** Watches on, passing each check that comes, until something shows. */
export async function passChecksUntil(page: Page, goal: Locator, timeout: number): Promise<void> {
  const deadline = Date.now() + timeout
  for (;;) {
    await goal.or(checkOf(page)).first().waitFor({ timeout: Math.max(1, deadline - Date.now()) })
    if (!(await checkOf(page).isVisible())) return
    await passCheck(page)
  }
}
