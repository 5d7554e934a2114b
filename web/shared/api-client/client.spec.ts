import { describe, expect, it, vi } from 'vitest'
import { ApiProblem, bodyOf, createClient, UNREACHABLE } from './index'

const answering = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  vi.fn(async () => new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/problem+json', ...headers } }))

const base = { baseUrl: 'http://zhipei.test' }

describe('the API client', () => {
  it('throws the problem that the server names', async () => {
    const fetch = answering(423, { status: 423, code: 'account_locked', title: '账号已锁定', detail: '15' }, { 'retry-after': '900' })
    const request = createClient({ ...base, fetch }).POST('/api/login', { body: { login_name: 'a', password: 'b' } })
    await expect(request).rejects.toMatchObject({ status: 423, code: 'account_locked', detail: '15', retryAfter: 900 })
  })

  it('names the field that is wrong', async () => {
    const errors = [{ field: 'document_number', title: '证件号码有误' }]
    const at = (body: object) => createClient({ ...base, fetch: answering(422, { status: 422, code: 'document_invalid', title: '', ...body }) }).GET('/api/me')
    await expect(at({ errors })).rejects.toMatchObject({ code: 'document_invalid', field: 'document_number' })
    await expect(at({})).rejects.toMatchObject({ field: null })
    await expect(at({ errors: 'x' })).rejects.toMatchObject({ field: null })
  })

  it('says unreachable when no answer comes', async () => {
    const fetch = vi.fn(() => Promise.reject(new TypeError('network')))
    await expect(createClient({ ...base, fetch }).GET('/api/me')).rejects.toMatchObject({ code: UNREACHABLE })
  })

  it('tells that the session is over, but not for a wrong password', async () => {
    const onUnauthenticated = vi.fn()
    const at = (code: string) =>
      createClient({ ...base, fetch: answering(401, { status: 401, code, title: '' }), onUnauthenticated }).GET('/api/me')
    await expect(at('login_failed')).rejects.toBeInstanceOf(ApiProblem)
    expect(onUnauthenticated).not.toHaveBeenCalled()
    await expect(at('unauthenticated')).rejects.toBeInstanceOf(ApiProblem)
    expect(onUnauthenticated).toHaveBeenCalledOnce()
  })

  it('gives the body', async () => {
    const fetch = vi.fn(async () => Response.json({ items: [], next: null }))
    expect(await bodyOf(createClient({ ...base, fetch }).GET('/api/classes'))).toEqual({ items: [], next: null })
  })
})
