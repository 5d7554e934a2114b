import { mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it } from 'vitest'
import { ApiProblem, UNREACHABLE } from '@zhipei/api-client'
import { i18n } from '@/i18n'
import { usePasswordAgain } from './usePasswordAgain'

let again: ReturnType<typeof usePasswordAgain>
let answer: ApiProblem | null
let given: string[]

beforeEach(() => {
  answer = null
  given = []
  const task = async (password: string): Promise<void> => {
    given.push(password)
    if (answer) throw answer
  }
  mount({ setup: () => void (again = usePasswordAgain(task)), render: () => null }, { global: { plugins: [i18n] } })
})

describe('the password once more', () => {
  it('is needed, goes to the task, and is not kept', async () => {
    expect(await again.confirm()).toBe(false)
    expect(again.form.fault).toBe(i18n.global.t('account.needed'))
    again.form.password = 'yezi-maolin-42'
    expect(await again.confirm()).toBe(true)
    expect(given).toEqual(['yezi-maolin-42'])
    expect(again.form).toEqual({ password: '', fault: '' })
  })

  it('is asked for again when it is wrong, and stays when nothing answered', async () => {
    again.form.password = 'wrong'
    answer = new ApiProblem(401, 'login_failed', '')
    expect(await again.confirm()).toBe(false)
    expect(again.form).toEqual({ password: '', fault: i18n.global.t('problems.wrong_password') })
    expect(again.failure.value).toBe('')
    again.form.password = 'yezi-maolin-42'
    answer = new ApiProblem(0, UNREACHABLE, '')
    expect(await again.confirm()).toBe(false)
    expect(again.form.password).toBe('yezi-maolin-42')
    expect(again.failure.value).toBe(i18n.global.t('problems.unreachable'))
  })
})
