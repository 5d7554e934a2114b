/** A member of staff in front of a PC. */
import type { Page } from 'playwright-core'
import { Authenticator } from './authenticator'

export class StaffVisit {
  recoveryCodes: string[] = []

  private constructor(
    readonly page: Page,
    readonly loginName: string,
    readonly password: string,
    readonly authenticator: Authenticator,
  ) {}

  /** Follows a one-time link: password, authenticator, recovery codes. */
  static async join(page: Page, link: string, loginName: string, password: string): Promise<StaffVisit> {
    await page.goto(link)
    await page.getByLabel('新密码').fill(password)
    await page.getByRole('button', { name: '下一步' }).click()
    await page.getByRole('img', { name: '绑定验证器的二维码' }).waitFor()
    const visit = new StaffVisit(page, loginName, password, new Authenticator(await page.locator('.secret').innerText()))
    await page.getByLabel('验证器上的 6 位数字').fill(await visit.authenticator.code())
    await page.getByRole('button', { name: '启用账号' }).click()
    await page.getByRole('heading', { name: '存好 10 个恢复码' }).waitFor()
    visit.recoveryCodes = await page.locator('.codes li').allInnerTexts()
    await page.getByText('我已经存好').click()
    await page.getByRole('button', { name: '去登录' }).click()
    return visit
  }

  async logIn(): Promise<void> {
    await this.givePassword()
    await this.page.getByLabel('动态码').fill(await this.authenticator.code())
    await this.enter()
  }

  async logInByRecoveryCode(): Promise<void> {
    await this.givePassword()
    await this.page.getByRole('button', { name: '手机不在身边，用恢复码' }).click()
    await this.page.getByLabel('恢复码').fill(this.recoveryCodes.shift() ?? '')
    await this.enter()
  }

  private async givePassword(): Promise<void> {
    await this.page.goto('/staff/login')
    await this.page.getByLabel('登录名').fill(this.loginName)
    await this.page.getByLabel('密码', { exact: true }).fill(this.password)
    await this.page.getByRole('button', { name: '下一步' }).click()
  }

  private async enter(): Promise<void> {
    await this.page.getByRole('button', { name: '登录', exact: true }).click()
    await this.page.waitForURL('**/desk')
    await this.page.getByRole('heading', { level: 1 }).waitFor()
  }
}
