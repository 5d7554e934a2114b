import { flushPromises, mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiProblem, UNREACHABLE } from '@zhipei/api-client'
import { i18n } from '@/i18n'
import { useCaptcha, type Captcha } from './useCaptcha'

const pictures = vi.hoisted(() => ({ drawn: 0 }))
vi.mock('./api', () => ({
  api: { POST: async () => ({ data: { id: `picture-${(pictures.drawn += 1)}`, image: 'data:,', expires_in_s: 300 } }) },
}))

let captcha: Captcha
const problem = (code: string): ApiProblem => new ApiProblem(422, code, '')

beforeEach(() => {
  pictures.drawn = 0
  mount({ setup: () => void (captcha = useCaptcha()), render: () => null }, { global: { plugins: [i18n] } })
})

describe('a picture to read', () => {
  it('is there once the server asks for it, and what was read goes with the request', async () => {
    expect(captcha.given()).toEqual({})
    expect(captcha.settle(problem('captcha_required'))).toBe(true)
    await flushPromises()
    expect(captcha.given()).toBeNull()
    expect(captcha.form.fault).not.toBe('')
    captcha.form.text = ' ab3d '
    expect(captcha.given()).toEqual({ captcha_id: 'picture-1', captcha: 'ab3d' })
    expect(captcha.form.fault).toBe('')
  })

  it('makes way for a fresh one after a wrong reading', async () => {
    captcha.settle(problem('captcha_required'))
    await flushPromises()
    captcha.form.text = 'xxxx'
    expect(captcha.settle(problem('captcha_wrong'))).toBe(true)
    await flushPromises()
    expect(captcha.picture.value?.id).toBe('picture-2')
    expect(captcha.form).toMatchObject({ text: '', fault: i18n.global.t('sms.captchaWrong') })
  })

  it('is used up by a wrong password too, and not by a request that never arrived', async () => {
    captcha.settle(problem('captcha_required'))
    await flushPromises()
    captcha.form.text = 'ab3d'
    expect(captcha.settle(problem(UNREACHABLE))).toBe(false)
    expect(captcha.form.text).toBe('ab3d')
    expect(captcha.settle(problem('login_failed'))).toBe(false)
    await flushPromises()
    expect(captcha.picture.value?.id).toBe('picture-2')
  })

  it('is not fetched for problems of another kind, and goes when all went well', async () => {
    captcha.settle(problem('login_failed'))
    await flushPromises()
    expect(pictures.drawn).toBe(0)
    captcha.settle(problem('captcha_required'))
    await flushPromises()
    captcha.done()
    expect(captcha.given()).toEqual({})
  })
})
