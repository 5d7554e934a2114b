import { expect } from 'vitest'
import { DEMO_CLASS } from './classes'
import { printed } from './paper'
import { journey, type Hours } from './visit'
import { allCountedOf, passChecksUntil, plays, positionMs } from './watching'

journey('a learner learns the whole of a class, passes its closing check and prints the hours', async ({ visit }) => {
  const learner = await visit('demo01')
  const { page } = learner
  const keys: number[] = []
  page.on('response', (answer) => {
    if (answer.url().includes('/api/learning/keys/')) keys.push(answer.status())
  })
  await learner.logIn()
  const { classId, lessonId } = await learner.openLesson(DEMO_CLASS, '灭火器怎么用')

  const began = Date.now()
  await plays(page)
  expect(keys).toContain(200)
  await page.getByText('待核验').first().waitFor()
  await passChecksUntil(page, allCountedOf(page), 240_000)
  const took = Date.now() - began

  const { totals, length_ms } = await learner.lesson(classId, lessonId)
  expect(await positionMs(page)).toBeGreaterThan(length_ms - 500)
  expect(took).toBeGreaterThan(totals.verified_ms)
  expect(totals.verified_ms).toBeGreaterThan(length_ms - 500)
  expect(totals.verified_ms).toBeLessThanOrEqual(length_ms)
  expect(totals.pending_ms + totals.void_ms + totals.frozen_ms).toBe(0)
  expect(totals.verified_hours).toBe('0.02')

  await page.getByRole('link', { name: '学时与清单' }).click()
  await page.getByText(DEMO_CLASS).click()
  const sum = page.getByRole('row').filter({ hasText: '合计' })
  await sum.waitFor()
  const hours = await learner.hours(classId)
  const time = runningTime(hours)
  expect(await sum.innerText()).toContain(time)
  expect(await sum.innerText()).toContain('0.02')
  await page.getByText('抽查全部通过').waitFor()
  await page.getByText('按课程').click()
  await page.getByRole('row').filter({ hasText: '消防安全入门' }).getByText('0.02').waitFor()

  const opened = learner.context.waitForEvent('page')
  await page.getByRole('link', { name: '打印学时统计清单' }).click()
  const paper = await opened
  await paper.getByRole('heading', { name: '学时统计清单' }).waitFor()
  const { pages } = await printed(paper, 'hour-list')
  expect(pages).toHaveLength(1)
  const text = pages.join('')
  expect(text).toMatch(/姓名\s+符秀英/)
  expect(text).toContain('灭火器怎么用')
  expect(text).toMatch(new RegExp(`合计\\s+${time}\\s+0\\.02`))
  expect(text).toMatch(/第\s*1\s*页，共\s*1\s*页/)
})

function runningTime({ totals }: Hours): string {
  const seconds = Math.floor(totals.verified_ms / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
