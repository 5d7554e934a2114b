import { expect } from 'vitest'
import { classes } from './classes'
import { Network } from './network'
import { journey, PC } from './visit'
import { pauses, plays, playsPast, positionMs } from './watching'

const CUT_MS = 60_000

journey('a learner whose network is cut for a minute learns on and loses nothing', async ({ visit }) => {
  const network = await Network.lay()
  const learner = await visit('demo04', { ...PC, proxy: { server: network.address } })
  const { page } = learner
  await learner.logIn()
  const { classId, lessonId } = await learner.openLesson(classes.offline.title, '触电急救的四个步骤')
  const earned = async (): Promise<number> => {
    const { totals } = await learner.lesson(classId, lessonId)
    return totals.verified_ms + totals.pending_ms
  }
  await plays(page)
  await playsPast(page, 10_000)
  await page.waitForFunction(() => {
    const film = document.querySelector('video')
    return film !== null && film.buffered.length > 0 && film.buffered.end(film.buffered.length - 1) > film.currentTime + 90
  })

  const from = await positionMs(page)
  network.cut()
  await page.getByText(/断网了，已存在本机 .+联网后自动补传/).waitFor()
  await page.getByText('断网了，先存在本机').waitFor()
  await playsPast(page, from + CUT_MS)
  await page.getByText(/断网了，已存在本机 (5\d 秒|1 分.+)，联网后自动补传/).waitFor()
  network.mend()

  await page.getByText(/网络恢复了，.+全部补传/).waitFor()
  await playsPast(page, (await positionMs(page)) + 3_000)
  const played = await pauses(page)
  await expect.poll(earned, { timeout: 30_000, interval: 500 }).toBeGreaterThanOrEqual(played - 1_000)
  expect(await earned()).toBeLessThanOrEqual(played)
  network.close()
})
