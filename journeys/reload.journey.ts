import { expect } from 'vitest'
import { classes } from './classes'
import { journey } from './visit'
import { endOf, plays, playsPast, positionMs } from './watching'

journey('a page that is reloaded in the middle of a lesson goes on with nothing lost', async ({ visit }) => {
  const learner = await visit('demo06')
  const { page } = learner
  await learner.logIn()
  const { classId, lessonId } = await learner.openLesson(classes.reload.title, '电流、电压与安全电压')
  await plays(page)
  await playsPast(page, 14_000)

  const before = await positionMs(page)
  await page.reload()
  await plays(page)
  const after = await positionMs(page)
  // Where it was, and not at the beginning.
  expect(after).toBeGreaterThan(before - 1_500)
  const { totals } = await learner.lesson(classId, lessonId)
  expect(totals.pending_ms).toBeGreaterThanOrEqual(before - 1_000)

  await endOf(page).waitFor({ timeout: 120_000 })
  const all = await learner.lesson(classId, lessonId)
  expect(all.totals.pending_ms).toBeGreaterThan(all.length_ms - 2_000)
})
