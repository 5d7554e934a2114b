import { expect } from 'vitest'
import { classes } from './classes'
import { journey, PHONE } from './visit'
import { endOf, plays, playsPast, positionMs, stands } from './watching'

journey('a second device takes over, the first one stops, and nothing counts twice', async ({ visit }) => {
  const pc = await visit('demo03')
  const phone = await visit('demo03', PHONE)
  await pc.logIn()
  await phone.logIn()
  const began = Date.now()
  const { classId, lessonId } = await pc.openLesson(classes.twoDevices.title, '电流、电压与安全电压')
  await plays(pc.page)
  await playsPast(pc.page, 12_000)

  await phone.openLesson(classes.twoDevices.title, '电流、电压与安全电压')
  const takenOver = pc.page.getByRole('dialog', { name: '您在手机上接着学了' })
  await takenOver.waitFor()
  await stands(pc.page)
  await takenOver.getByText(/已停止播放.*两边不会重复计/).waitFor()
  const stoppedAt = await positionMs(pc.page)
  await plays(phone.page)
  await playsPast(phone.page, (await positionMs(phone.page)) + 6_000)
  expect(await positionMs(pc.page)).toBe(stoppedAt)

  await takenOver.getByRole('button', { name: '换回这台电脑' }).click()
  await phone.page.getByRole('dialog', { name: '您在另一台电脑或页面上接着学了' }).waitFor()
  await stands(phone.page)
  await plays(pc.page)
  await playsPast(pc.page, (await positionMs(pc.page)) + 5_000)

  const midway = await pc.lesson(classId, lessonId)
  const earned = midway.totals.pending_ms + midway.totals.verified_ms
  const furthest = Math.max(await positionMs(pc.page), await positionMs(phone.page))
  expect(earned).toBeGreaterThan(10_000)
  expect(earned).toBeLessThanOrEqual(furthest)
  expect(earned).toBeLessThanOrEqual(Date.now() - began)

  await endOf(pc.page).waitFor({ timeout: 120_000 })
  const { totals, length_ms } = await pc.lesson(classId, lessonId)
  expect(totals.pending_ms).toBeGreaterThan(length_ms - 2_500)
  expect(totals.pending_ms).toBeLessThanOrEqual(length_ms)
  const { days } = await pc.hours(classId)
  const spans = days.flatMap((day) => day.spans).map(({ from, to }) => ({ from: Date.parse(from), to: Date.parse(to) }))
  for (const [index, span] of spans.entries()) expect(span.from).toBeGreaterThanOrEqual(spans[index - 1]?.to ?? 0)
})
