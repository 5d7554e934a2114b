import { expect } from 'vitest'
import { classes } from './classes'
import { journey } from './visit'
import { allCountedOf, checkOf, passChecksUntil, plays } from './watching'

journey('a learner who missed a check twice sees why, watches that part again and has it credited', async ({ visit }) => {
  const learner = await visit('demo02')
  const { page } = learner
  await learner.logIn()
  const { classId, lessonId } = await learner.openLesson(classes.missed.title, '灭火器怎么用')
  await plays(page)

  await checkOf(page).waitFor()
  const question = checkOf(page).locator('h2')
  await question.filter({ hasText: '没等到您应答，学时没有减少' }).waitFor()
  await question.filter({ hasText: '请确认是您本人在学习' }).waitFor({ timeout: 120_000 })
  const makeUp = page.getByRole('button', { name: '补录这一段' })
  await makeUp.waitFor({ timeout: 120_000 })
  await page.getByRole('heading', { name: /今天 .+ 到 .+，有 .+没有计入/ }).waitFor()
  await page.getByText(/的抽查响了两次，都没有应答。重看视频 0:00 到/).waitFor()
  const missed = await learner.lesson(classId, lessonId)
  expect(missed.totals.verified_ms).toBe(0)
  expect(missed.totals.void_ms).toBeGreaterThan(5_000)
  expect(missed.voids).toMatchObject([{ reason: 'check_missed', made_up: false }])

  await makeUp.click()
  await passChecksUntil(page, page.getByText(/补录完成，.+已计入/), 120_000)
  const madeUp = await learner.lesson(classId, lessonId)
  expect(madeUp.totals.void_ms).toBeLessThan(1_000)
  expect(madeUp.voids).toMatchObject([{ made_up: true }])
  expect(madeUp.totals.verified_ms).toBeGreaterThan(missed.totals.void_ms - 1_000)

  await passChecksUntil(page, allCountedOf(page), 240_000)
  const all = await learner.lesson(classId, lessonId)
  expect(all.totals.verified_ms).toBeGreaterThan(all.length_ms - 1_500)
  const { days } = await learner.hours(classId)
  expect(days).toHaveLength(1)
  expect(days[0]?.checks_passed).toBe((days[0]?.checks_total ?? 0) - 1)
})
