/** Faces, from consent to the closing check; and what does not get through. */
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { barriers } from './access'
import { noCamera, OWN, personBefore, photographBefore, STRANGER } from './camera'
import { classes } from './classes'
import { smsCode, operate } from './operator'
import { madeUpNumber } from './id-number'
import { journey } from './visit'
import { allCountedOf, checkOf, endOf, plays } from './watching'

const LESSON = '灭火器怎么用'
/** Looking into the camera, two actions, and the server's word on a busy machine. */
const LOOKED_AT = 90_000
const A_CLASS = 300_000

journey('a learner enrols a face, logs in by it, and is checked by it before, while and after learning', async ({ visit }) => {
  const learner = await visit('demo10')
  const { page } = learner
  await personBefore(page, OWN)
  await learner.logIn()
  await enrol(page)
  await page.getByText('待确认').waitFor()

  await page.getByRole('button', { name: /的账号菜单/ }).click()
  await page.getByRole('menuitem', { name: '退出登录' }).click()
  await page.waitForURL('**/login**')
  // Without the way back to the page that was left.
  await page.goto('/login')
  await logInByFace(page, learner.loginName)
  await page.waitForURL('/', { timeout: LOOKED_AT })

  const { classId, lessonId } = await learner.openLesson(classes.face.title, LESSON)
  await page.getByRole('dialog', { name: '开始前，请确认是您本人' }).waitFor()
  await plays(page)
  await checkOf(page).waitFor({ timeout: A_CLASS })
  await checkOf(page).getByText('第 2 步，共').waitFor()
  expect(await barriers(page), 'a face check').toEqual([])
  await passFacesUntil(page, A_CLASS)
  const { totals } = await learner.lesson(classId, lessonId)
  expect(totals.verified_ms).toBeGreaterThan(0)
  expect(totals.pending_ms + totals.void_ms + totals.frozen_ms).toBe(0)
})

journey('somebody else before the camera is not let in, and what they watch is set aside', async ({ visit }) => {
  const learner = await visit('demo09')
  await learner.logIn()
  const { page } = learner
  await personBefore(page, OWN)
  await enrol(page)

  const stranger = await visit('demo09')
  await personBefore(stranger.page, STRANGER)
  await stranger.page.goto('/login')
  await logInByFace(stranger.page, learner.loginName)
  await stranger.page.getByText('没能认出是您').waitFor({ timeout: LOOKED_AT })
  expect(new URL(stranger.page.url()).pathname).toBe('/login')

  await page.goto('/')
  await learner.openLesson(classes.stranger.title, LESSON)
  await plays(page)
  // Somebody else sits down once the lesson was opened.
  await personBefore(page, STRANGER)
  await page.reload()
  await plays(page)
  await checkOf(page).waitFor({ timeout: A_CLASS })
  const again = checkOf(page).getByRole('button', { name: '准备好了，再试一次' })
  const frozen = page.getByText('那次抽查没能认出是您')
  for (;;) {
    await again.or(frozen).first().waitFor({ timeout: A_CLASS })
    if (await frozen.isVisible()) break
    // The word of the session may take the dialog away meanwhile.
    await again.click({ timeout: 5_000 }).catch(() => undefined)
  }
  await page.getByText('7 天内申诉').waitFor()
})

journey('a photograph held before the camera is refused', async ({ visit }) => {
  const learner = await visit('demo08')
  const { page } = learner
  await photographBefore(page, OWN)
  await learner.logIn()
  await consent(page)
  await page.getByRole('button', { name: '打开摄像头，开始登记' }).click()
  await page.getByRole('button', { name: '准备好了，再试一次' }).waitFor({ timeout: LOOKED_AT })
  await page.getByText(/有的动作没看到|这次没认清/).waitFor()
  await page.goto('/account/face')
  await page.getByText('只登记一次').waitFor()
})

journey('without a camera there are words, and another way', async ({ visit }) => {
  const learner = await visit('demo04')
  const { page } = learner
  await noCamera(page)
  await learner.logIn()
  await consent(page)
  await page.getByRole('button', { name: '打开摄像头，开始登记' }).click()
  await page.getByText('没有找到摄像头').waitFor()
  expect(await barriers(page), 'no camera').toEqual([])
  await page.getByRole('button', { name: '换一种方式' }).click()
  await page.getByText('只登记一次').waitFor()
})

journey('who wants no face learns with codes, of the same worth, and is not asked again', async ({ visit }) => {
  const learner = await visit('')
  const { page } = learner
  const phone = '13876000114'
  const seen = [await register(page, phone)]
  await page.goto('/account/face')
  await page.getByText('用不用人脸，由您决定').waitFor()
  expect(await page.getByRole('checkbox', { checked: true }).count(), 'nothing is ticked beforehand').toBe(0)
  const [agree, refuse] = await Promise.all(['按我的选择继续', '不同意，使用其他方式'].map((name) => page.getByRole('button', { name }).boundingBox()))
  expect([refuse?.width, refuse?.height]).toEqual([agree?.width, agree?.height])
  expect(await barriers(page), 'consents').toEqual([])
  await page.getByRole('button', { name: '不同意，使用其他方式' }).click()
  await page.getByText('您选择了不用人脸').waitFor()

  await joinByCode(page, classes.noFace.code)
  await page.goto('/')
  await learner.openLesson(classes.noFace.title, LESSON)
  const dialog = page.getByRole('dialog', { name: '开始前，请确认是您本人' })
  await dialog.waitFor()
  expect(await dialog.getByText('登记人脸').count(), 'no nagging').toBe(0)
  const next = async (): Promise<string> => {
    const code = await smsCode(phone, seen)
    seen.push(code)
    return code
  }
  await askForCode(page)
  await dialog.getByLabel('验证码', { exact: true }).fill(await next())
  await dialog.getByRole('button', { name: '确认，开始学习' }).click()
  await plays(page)
  const deadline = Date.now() + A_CLASS
  for (;;) {
    await allCountedOf(page).or(checkOf(page)).first().waitFor({ timeout: Math.max(1, deadline - Date.now()) })
    if (!(await checkOf(page).isVisible())) break
    await checkOf(page).getByLabel('验证码', { exact: true }).fill(await next())
    await checkOf(page).getByRole('button', { name: '确认' }).click()
    await checkOf(page).waitFor({ state: 'hidden' })
  }
})

async function consent(page: Page): Promise<void> {
  await page.goto('/account/face')
  await page.getByText('同意比对人脸').click()
  await page.getByText('同意上传人脸画面').click()
  await page.getByRole('button', { name: '按我的选择继续' }).click()
  await page.getByText('只登记一次').waitFor()
}

async function enrol(page: Page): Promise<void> {
  await consent(page)
  await page.getByRole('button', { name: '打开摄像头，开始登记' }).click()
  await page.getByText('登记好了').waitFor({ timeout: LOOKED_AT })
  await page.getByRole('button', { name: '用身份证确认' }).click()
}

async function logInByFace(page: Page, account: string): Promise<void> {
  await page.getByRole('tab', { name: '人脸登录' }).click()
  await page.getByLabel('手机号或证件号码').fill(account)
  await page.getByRole('button', { name: '打开摄像头' }).click()
}

/** Checks pass by themselves while the right person sits there; a second try is a button. */
async function passFacesUntil(page: Page, timeout: number): Promise<void> {
  const again = checkOf(page).getByRole('button', { name: '准备好了，再试一次' })
  const deadline = Date.now() + timeout
  for (;;) {
    await endOf(page).or(again).first().waitFor({ timeout: Math.max(1, deadline - Date.now()) })
    if (await again.isVisible()) await again.click({ timeout: 5_000 }).catch(() => undefined)
    else if (await allCountedOf(page).isVisible()) return
    else await page.waitForTimeout(500)
  }
}

/** Gives the code that was sent for it. */
async function register(page: Page, phone: string): Promise<string> {
  await page.goto('/register')
  await page.getByLabel('手机号').fill(phone)
  await page.getByRole('button', { name: '获取验证码' }).click()
  const code = await smsCode(phone)
  await page.getByLabel('验证码', { exact: true }).fill(code)
  await page.getByRole('button', { name: '下一步' }).click()
  await page.getByRole('heading', { name: '您是谁' }).waitFor()
  await page.getByLabel('姓名', { exact: true }).fill('陈月华')
  await page.getByLabel('证件号码', { exact: true }).fill(madeUpNumber('19950314', 8))
  await page.getByLabel('所在市县').selectOption({ label: '琼海市' })
  await page.getByText('其他', { exact: true }).click()
  await page.getByRole('button', { name: '下一步' }).click()
  await page.getByRole('heading', { name: '设密码，再逐项决定' }).waitFor()
  expect(await page.getByText('人脸').count(), 'faces are not asked about here').toBe(0)
  await page.getByLabel('登录密码').fill('yuehua-hai-31')
  await page.getByText('服务协议与个人信息处理规则').click()
  await page.getByText('同意处理证件号码').click()
  await page.getByRole('button', { name: '按我的选择注册' }).click()
  await page.getByRole('heading', { name: '陈月华，注册好了' }).waitFor()
  return code
}

async function joinByCode(page: Page, classCode: string): Promise<void> {
  const code = /邀请码 ([0-9A-Z]{5}-[0-9A-Z]{5})/.exec(await operate('class', 'invite', '--class', classCode))?.[1] ?? ''
  await page.goto(`/join/${code}`)
  await page.getByText('我已看过承诺书，愿意遵守').click()
  await page.getByRole('button', { name: '加入这个班' }).click()
  await page.getByText('已加入').first().waitFor()
}

/** A phone gets one code a minute, whatever for. */
async function askForCode(page: Page): Promise<void> {
  const ask = page.getByRole('button', { name: '获取验证码' })
  const sent = page.getByText('已发到')
  await ask.click()
  await sent.or(page.getByText(/刚发过，\d+ 秒后可以再获取/)).waitFor()
  if (await sent.isVisible()) return
  await ask.click({ timeout: 90_000 })
  await sent.waitFor()
}
