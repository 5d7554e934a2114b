/** Not a test: takes a picture of every screen in every state, to be looked at. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { classes } from './classes'
import { madeUpNumber } from './id-number'
import { Network } from './network'
import { newStaff, smsCode } from './operator'
import { cache } from './server'
import { StaffVisit } from './staff'
import { journey, PC, PHONE, type Visit } from './visit'
import { checkOf, endOf, passCheck, passChecksUntil, plays, playsPast, positionMs } from './watching'

const folder = join(cache, 'journeys/pictures')
const CLASS = '电工（五级）2026 年第 3 期'

journey.concurrent('logging in', async ({ visit }) => {
  const { page } = await visit('demo07')
  await page.goto('/login')
  await take(page, 'login')
  await page.getByLabel('账号或手机号').fill('demo07')
  await page.getByLabel('密码', { exact: true }).fill('not-the-password')
  await page.getByRole('button', { name: '登录', exact: true }).click()
  await page.getByText('账号或密码不对').waitFor()
  await take(page, 'login-refused')
})

journey.concurrent('learning, with a check that is missed', async ({ visit }) => {
  const learner = await visit('demo08')
  const { page } = learner
  await learner.logIn()
  await page.getByRole('article').first().waitFor()
  await take(page, 'home-new')
  await learner.openLesson(classes.pictures.title, '触电急救的四个步骤')
  await plays(page)
  await playsPast(page, 15_000)
  await take(page, 'player')
  const check = checkOf(page)
  await check.waitFor()
  await take(page, 'check')
  await answerWrongly(page)
  await check.locator('h2').filter({ hasText: '再来一次' }).waitFor()
  await take(page, 'check-retry')
  await passCheck(page)
  await page.getByText(/确认好了/).waitFor()
  await take(page, 'check-passed')

  await check.waitFor()
  await check.locator('h2').filter({ hasText: '没等到您应答' }).waitFor()
  await take(page, 'check-wait')
  await page.getByRole('button', { name: '补录这一段' }).waitFor({ timeout: 150_000 })
  await take(page, 'player-void')
  await page.goto('/')
  await page.getByRole('article').first().waitFor()
  await take(page, 'home')
  const { id } = await learner.classNamed(classes.pictures.title)
  await page.goto(`/classes/${id}`)
  await page.getByText('这个班怎么计时').waitFor()
  await take(page, 'class')
  await page.goto(`/hours/${id}`)
  await page.getByRole('row').filter({ hasText: '合计' }).waitFor()
  await take(page, 'hours-by-day')
  await page.getByText('按课程').click()
  await take(page, 'hours-by-course')
  await page.goto(`/hour-lists/${id}`)
  await take(page, 'paper')

  await page.goto(`/classes/${id}`)
  await page.getByRole('link', { name: '触电急救的四个步骤' }).click()
  await plays(page)
  await page.getByRole('button', { name: '补录这一段' }).click()
  await passChecksUntil(page, page.getByText(/补录完成/), 180_000)
  await take(page, 'player-made-up')
  await large(page, 'player-large')
})

journey.concurrent('the day is full', async ({ visit }) => {
  const learner = await visit('demo09')
  const { page } = learner
  await learner.logIn()
  await learner.openLesson(classes.dayFull.title, '触电急救的四个步骤')
  await plays(page)
  await page.getByRole('heading', { name: /今天学满/ }).waitFor({ timeout: 150_000 })
  await take(page, 'day-full')
})

journey.concurrent('two devices, and no network', async ({ visit }) => {
  const network = await Network.lay()
  const pc = await visit('demo10', { ...PC, proxy: { server: network.address } })
  const phone = await visit('demo10', PHONE)
  await pc.logIn()
  await phone.logIn()
  await pc.openLesson(CLASS, '触电是怎么发生的')
  await plays(pc.page)
  await playsPast(pc.page, 8_000)
  await phone.openLesson(CLASS, '触电是怎么发生的')
  await pc.page.getByRole('dialog', { name: '您在手机上接着学了' }).waitFor()
  await take(pc.page, 'taken-over')
  await pc.page.getByRole('button', { name: '换回这台电脑' }).click()
  await plays(pc.page)
  await playsPast(pc.page, (await positionMs(pc.page)) + 3_000)
  network.cut()
  await pc.page.getByText(/断网了，已存在本机/).waitFor()
  await take(pc.page, 'offline')
  network.mend()
  await pc.page.getByText(/网络恢复了/).waitFor()
  await take(pc.page, 'back-online')
  await passChecksUntil(pc.page, endOf(pc.page), 120_000)
  await take(pc.page, 'player-end')
  network.close()
})

journey.concurrent('the quiet pages, and those that have nothing to show', async ({ visit }) => {
  const learner = await visit('demo07')
  const { page } = learner
  await learner.logIn()
  await page.goto('/no-such-page')
  await page.getByText('没有这个页面').waitFor()
  await take(page, 'not-found')
  const { id } = await learner.classNamed(CLASS)
  await page.goto(`/hours/${id}`)
  await page.getByText('还没有学习记录').waitFor()
  await take(page, 'hours-empty')
  await page.goto(`/classes/${id}`)
  await page.getByText('这个班怎么计时').waitFor()
  await take(page, 'class-new')
  await large(page, 'class-new-large')
  await withAnswer(learner, 'home-empty', { status: 200, json: { items: [], next: null } })
  await withAnswer(learner, 'home-error', { status: 503, json: { status: 503, code: 'unavailable', title: '平台正在准备' } })
  let answer: () => void = () => undefined
  const late = new Promise<void>((done) => (answer = done))
  await page.route('**/api/classes', async (route) => {
    await late
    await route.continue()
  })
  await page.goto('/')
  await page.locator('.wait .line').first().waitFor()
  await take(page, 'home-loading')
  answer()
  await page.getByRole('article').first().waitFor()
  await large(page, 'home-large')
  await page.getByRole('button', { name: '的账号菜单' }).click()
  await page.getByRole('menuitem', { name: 'English' }).waitFor()
  await take(page, 'home-menu')
  await page.getByRole('menuitem', { name: 'English' }).click()
  await take(page, 'home-english')
})

journey.concurrent('registering, and what a learner decides', async ({ visit }) => {
  const { page } = await visit('')
  const phone = '13876000201'
  await page.goto('/register')
  await page.getByLabel('手机号').fill(phone)
  await page.getByRole('button', { name: '获取验证码' }).click()
  await page.getByText('已发到').waitFor()
  await take(page, 'register-phone')
  await page.getByLabel('验证码', { exact: true }).fill(await smsCode(phone))
  await page.getByRole('button', { name: '下一步' }).click()
  await page.getByLabel('姓名').fill('符小妹')
  await page.getByLabel('证件号码').fill('460200200002291238')
  await page.getByRole('button', { name: '下一步' }).click()
  await page.getByText('号码有误').waitFor()
  await take(page, 'register-faults')
  await page.getByLabel('证件号码').fill(madeUpNumber('19920229', 20))
  await page.getByLabel('所在市县').selectOption({ label: '琼海市' })
  await page.getByText('就业重点群体').click()
  await take(page, 'register-person')
  await large(page, 'register-person-large')
  await page.getByRole('button', { name: '下一步' }).click()
  await page.getByLabel('登录密码').fill('yezi-maolin-42')
  await page.getByText('服务协议与个人信息处理规则').click()
  await take(page, 'register-consents')
  await large(page, 'register-consents-large')
  await page.getByText('同意处理证件号码').click()
  await page.getByRole('button', { name: '按我的选择注册' }).click()
  await page.getByText('注册好了').waitFor()
  await take(page, 'register-done')
  for (const [name, path, words] of [
    ['account', '/account', '显示完整信息'],
    ['account-security', '/account/security', '登录过的设备'],
    ['account-privacy', '/account/privacy', '注销账号'],
    ['notices', '/notices', '注册成功'],
    ['join', '/join', '用邀请码'],
    ['password-reset', '/password-reset', '重设密码'],
    ['lost-phone', '/lost-phone', '理由和依据'],
  ] as const) {
    await page.goto(path)
    await page.getByText(words).first().waitFor()
    await take(page, name)
  }
})

journey.concurrent('the desk of staff', async ({ visit }) => {
  const { page } = await visit('')
  const link = await newStaff('supervisor', 'pictures-officer', '王海涛', '--region', '469002')
  await page.goto(link)
  await page.getByText('王海涛，您好').waitFor()
  await take(page, 'staff-join')
  const officer = await StaffVisit.join(page, link, 'pictures-officer', 'Maolin-42-yezi')
  await page.goto('/staff/login')
  await take(page, 'staff-login')
  await officer.logIn()
  await take(page, 'desk')
  for (const [name, path, words] of [
    ['desk-learners', '/desk/learners', '查看'],
    ['desk-classes', '/desk/classes', '看学员'],
    ['desk-corrections', '/desk/corrections', '没有等核对的更正'],
    ['desk-denied', '/desk/audit-events', '这里不对您开放'],
    ['desk-account', '/desk/account', '登录过的设备'],
  ] as const) {
    await page.goto(path)
    await page.getByText(words).first().waitFor()
    await take(page, name)
  }
})

async function withAnswer({ page }: Visit, name: string, answer: { status: number; json: unknown }): Promise<void> {
  await page.route('**/api/classes', (route) => route.fulfill({ ...answer, contentType: 'application/json' }))
  await page.goto('/')
  await page.getByText(answer.status === 200 ? '还没有您的班级' : '班级暂时取不到').waitFor()
  await take(page, name)
  await page.unroute('**/api/classes')
}

async function answerWrongly(page: Page): Promise<void> {
  const check = checkOf(page)
  const asked = (await check.locator('.ask b').innerText()).trim()
  const wrong = check.locator('.choices button').filter({ hasNotText: asked }).first()
  await page.waitForTimeout(800)
  await wrong.click()
}

async function large(page: Page, name: string): Promise<void> {
  await page.evaluate(() => (document.documentElement.dataset.type = 'large'))
  await take(page, name)
  await page.evaluate(() => (document.documentElement.dataset.type = 'normal'))
}

async function take(page: Page, name: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const [kind, width, height] of [['phone', 390, 844], ['pc', 1440, 900]] as const) {
    await page.setViewportSize({ width, height })
    await page.screenshot({ path: join(folder, `${name}-${kind}.png`), fullPage: kind === 'phone', animations: 'disabled' })
  }
}
