import { flushPromises, mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiProblem } from '@zhipei/api-client'
import { i18n } from '@/i18n'
import { useRegistration } from './useRegistration'

const server = vi.hoisted(() => ({ refusal: null as Error | null, sent: [] as Record<string, unknown>[], tickets: 0 }))
vi.mock('@/shared/api', () => ({
  api: {
    GET: async () => ({ data: { items: [] } }),
    POST: async (path: string, given: { body: Record<string, unknown> }) => {
      if (path === '/api/registrations/codes') return { data: { ticket: `ticket-${(server.tickets += 1)}`, resend_after_s: 0 } }
      server.sent.push(given.body)
      if (server.refusal) throw server.refusal
      return { data: { id: 'l', name: '符秀英', phone: '138****0101', document_number: null, identity_level: 'claimed' } }
    },
  },
}))

let registration: ReturnType<typeof useRegistration>
const refused = (code: string, field: string | null = null): ApiProblem => new ApiProblem(409, code, '', null, null, null, field)

async function proved(): Promise<void> {
  await registration.sms.ask()
  registration.sms.form.code = '123456'
}

beforeEach(async () => {
  Object.assign(server, { refusal: null, sent: [], tickets: 0 })
  mount({ setup: () => void (registration = useRegistration()), render: () => null }, { global: { plugins: [i18n] } })
  registration.sms.form.phone = '13876000101'
  Object.assign(registration.secret, { password: 'yezi-maolin-42', kept: true })
  registration.person.document_number = '460200200002291239'
  registration.step.value = 2
  await flushPromises()
  await proved()
})

describe('a document that another account has', () => {
  beforeEach(async () => {
    server.refusal = refused('document_registered')
    await registration.register()
  })

  it('is said without a step back, and costs the code', () => {
    expect(registration.taken.value).toBe('document')
    expect(registration.step.value).toBe(2)
    expect(registration.failure.value).toBe('')
    expect(registration.sms.proof()).toBeNull()
    expect(registration.sms.fault.code).toBe(i18n.global.t('sms.askAnother'))
    expect(server.sent[0]).not.toHaveProperty('evidence')
  })

  it('can be claimed with evidence and another code', async () => {
    registration.claim.on = true
    await proved()
    await registration.register()
    expect(registration.claim.fault).toBe(i18n.global.t('corrections.evidenceFault'))
    expect(server.sent).toHaveLength(1)
    Object.assign(registration.claim, { evidence: ' 2019 年在琼海换发，一直在我手里 ', whole: true })
    server.refusal = null
    await registration.register()
    expect(server.sent[1]).toMatchObject({ evidence: '2019 年在琼海换发，一直在我手里', ticket: 'ticket-2', password: 'yezi-maolin-42' })
    expect(registration.step.value).toBe(3)
  })

  it('is claimed on the same page when the new code is wrong', async () => {
    Object.assign(registration.claim, { on: true, evidence: '证件一直在我手里', whole: true })
    await proved()
    server.refusal = refused('code_wrong', 'code')
    await registration.register()
    expect(registration.step.value).toBe(2)
    expect(registration.taken.value).toBe('document')
  })

  it('is no matter any more once the number is mended', async () => {
    registration.claim.on = true
    registration.person.document_number = '460200199001011234'
    await flushPromises()
    expect(registration.taken.value).toBeNull()
    expect(registration.claim.on).toBe(false)
  })
})

describe('a phone that another account has', () => {
  it('leads to that account', async () => {
    server.refusal = refused('already_registered')
    await registration.register()
    expect(registration.taken.value).toBe('phone')
    expect(registration.failure.value).toBe(i18n.global.t('problems.already_registered'))
  })
})
