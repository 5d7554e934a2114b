/** A learner in front of a device: a browser profile of their own, and the server's answers to what they may ask. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { chromium, devices, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core'
import { inject, test } from 'vitest'
import type { components } from '../web/shared/api-client/schema'
import { cache } from './server'

type Schemas = components['schemas']
export type ClassOut = Schemas['ClassOut']
export type ClassDetail = Schemas['ClassDetailOut']
export type Lesson = Schemas['LessonOut']
export type Hours = Schemas['HoursOut']

/** Generous: the machine may be busy with other things. */
export const SOON = 60_000
export const PC: BrowserContextOptions = { viewport: { width: 1440, height: 900 } }
export const PHONE: BrowserContextOptions = devices['iPhone 14'] ?? {}
/** Printed papers, and what the screen showed when a journey failed. */
export const kept = join(cache, 'journeys/kept')

export class Visit {
  constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    readonly address: string,
    readonly loginName: string,
  ) {}

  async logIn(): Promise<void> {
    const { page } = this
    await page.goto('/login')
    await page.getByLabel('账号或手机号').fill(this.loginName)
    await page.getByLabel('密码', { exact: true }).fill(this.password)
    await page.getByRole('button', { name: '登录', exact: true }).click()
    await page.waitForURL('/')
    await page.getByRole('heading', { level: 1 }).waitFor()
  }

  get password(): string {
    const password = inject('passwords')[this.loginName]
    if (password === undefined) throw new Error(`the demonstration has no ${this.loginName}`)
    return password
  }

  async get<T>(path: string): Promise<T> {
    const answer = await this.context.request.get(`${this.address}${path}`)
    if (!answer.ok()) throw new Error(`${path}: ${answer.status()} ${await answer.text()}`)
    return (await answer.json()) as T
  }

  async classNamed(title: string): Promise<ClassOut> {
    const { items } = await this.get<{ items: ClassOut[] }>('/api/classes')
    const found = items.find((one) => one.title === title)
    if (!found) throw new Error(`${this.loginName} is in no class ${title}`)
    return found
  }

  async lesson(classId: string, lessonId: string): Promise<Lesson> {
    return this.get<Lesson>(`/api/classes/${classId}/lessons/${lessonId}`)
  }

  async hours(classId: string): Promise<Hours> {
    return this.get<Hours>(`/api/classes/${classId}/hours`)
  }

  /** Opens a lesson from the list of the class, as a learner does. */
  async openLesson(className: string, title: string): Promise<{ classId: string; lessonId: string }> {
    const { page } = this
    await page.getByRole('article').filter({ hasText: className }).getByRole('link').click()
    await page.getByRole('heading', { level: 1, name: className }).waitFor()
    await page.getByRole('link', { name: title }).click()
    await page.waitForURL(/\/lessons\//)
    const [, , classId = '', , lessonId = ''] = new URL(page.url()).pathname.split('/')
    return { classId, lessonId }
  }
}

export type OpenVisit = (loginName: string, device?: BrowserContextOptions) => Promise<Visit>

export const journey = test.extend<{ visit: OpenVisit }>({
  visit: async ({ task }, use) => {
    const browser: Browser = await chromium.connect(inject('browser'), { timeout: SOON })
    const visits: Visit[] = []
    const address = inject('address')
    await use(async (loginName, device = PC) => {
      const context = await browser.newContext({ locale: 'zh-CN', timezoneId: 'Asia/Shanghai', ...device, baseURL: address })
      context.setDefaultTimeout(SOON)
      const visit = new Visit(context, await context.newPage(), address, loginName)
      visits.push(visit)
      return visit
    })
    if (task.result?.state === 'fail') {
      await mkdir(kept, { recursive: true })
      for (const [index, { page }] of visits.entries()) {
        const path = join(kept, `${task.name.replaceAll(/\W+/g, '-')}-${index + 1}.png`)
        await page.screenshot({ path, timeout: SOON }).catch(() => undefined)
      }
    }
    await browser.close()
  },
})
