import { computed, reactive, ref, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { bodyOf, type ApiProblem, type Schemas } from '@zhipei/api-client'
import { localMoment } from '@zhipei/hours'
import { DOCUMENT_KINDS, type DocumentKind } from '@zhipei/people'
import { api } from '@/shared/api'
import { keyFor } from '@/shared/request-key'
import { useLoad } from '@/shared/useLoad'
import { useMe } from '@/shared/useMe'
import { useSmsCode } from '@/shared/useSmsCode'
import { useSubmit } from '@/shared/useSubmit'
import { useWords } from '@/shared/useWords'
import { NOBODY, personFaults, personIn, stepOf, type PersonFaults } from './registration-form'

/** Registration in three steps: the phone, who one is, password and consents. Nothing is kept on the device. */
export function useRegistration() {
  const { t } = useI18n()
  const { problem: words } = useWords()
  const { know } = useMe()
  const step = ref(0)
  const sms = useSmsCode((body) => api.POST('/api/registrations/codes', { body }))
  const person = reactive({ ...NOBODY })
  const personFault = reactive<PersonFaults>({ name: '', document_number: '', born_on: '', region: '', categories: '', employer: '' })
  const secret = reactive({ password: '', kept: false, fault: '' })
  const roster = ref<Schemas['RosterPlaceOut'] | null>(null)
  /** Purposes that were agreed to; none to begin with. */
  const agreed = reactive(new Set<string>())
  const consentFault = ref('')
  const registered = ref<Schemas['MeOut'] | null>(null)
  /** What is somebody's already: the phone, or else the document. */
  const taken = ref<'phone' | 'document' | null>(null)
  /** Why the document is theirs all the same. */
  const claim = reactive({ on: false, evidence: '', whole: false, fault: '' })
  const key = keyFor()

  const choices = useLoad(async () => {
    const [categories, texts] = await Promise.all([bodyOf(api.GET('/api/trainee-categories')), bodyOf(api.GET('/api/consent-texts'))])
    // What faces need is asked when somebody wants to use theirs.
    return { categories: categories.items, texts: texts.items.filter((text) => !text.about_faces) }
  })
  const texts = computed(() => choices.data.value?.texts ?? [])
  const { busy, failure, submit } = useSubmit(explain)

  function explain(problem: ApiProblem): string | null {
    const at = stepOf(problem.field)
    if (problem.code === 'already_registered' || problem.code === 'document_registered') {
      // To be told so costs the code.
      sms.codeUsed()
      claim.on = false
      taken.value = problem.code === 'document_registered' ? 'document' : 'phone'
      return taken.value === 'document' ? '' : null
    }
    if (problem.code === 'code_wrong') {
      sms.codeWrong()
      if (!claim.on) step.value = 0
      return ''
    }
    if (at !== null) step.value = at
    const said = words(problem)
    if (problem.field === 'password') secret.fault = problem.title || said
    else if (problem.field === 'consents') consentFault.value = said
    else if (problem.field === 'evidence') claim.fault = said
    else if (at === 1 && problem.field !== null && problem.field in personFault) personFault[problem.field as keyof PersonFaults] = problem.title || said
    else return null
    return ''
  }

  async function givePhone(): Promise<void> {
    const proof = sms.proof()
    if (!proof) return
    await submit(async () => {
      roster.value = (await bodyOf(api.POST('/api/registrations/prefill', { body: proof }))).roster
      if (roster.value) prefill(roster.value)
      step.value = 1
    })
  }

  function prefill(place: Schemas['RosterPlaceOut']): void {
    const known = (kind: string): kind is DocumentKind => (DOCUMENT_KINDS as readonly string[]).includes(kind)
    if (person.name === '') person.name = place.name
    if (known(place.document_kind)) person.document_kind = place.document_kind
    person.region ??= place.region
  }

  watch(() => [person.document_kind, person.document_number], () => {
    taken.value = null
    claim.on = false
  })

  /** Nothing is faulted before it was handed in; after that, what is mended is praised at once. */
  let judged = false
  watch(person, () => judged && judge())

  function judge(): PersonFaults {
    judged = true
    const faults = personFaults(person, localMoment(Date.now()).date)
    for (const [field, fault] of Object.entries(faults)) personFault[field as keyof PersonFaults] = fault ? t(fault) : ''
    return faults
  }

  function givePerson(): void {
    const faults = judge()
    if (Object.values(faults).every((fault) => fault === '')) step.value = 2
    else focusFirst(faults)
  }

  async function register(): Promise<void> {
    secret.fault = secret.kept ? '' : t('registration.passwordOpen')
    const missing = texts.value.some((text) => text.required && !agreed.has(text.purpose))
    consentFault.value = missing ? t('registration.consentMissing') : ''
    claim.fault = claim.on && !claim.whole ? t('corrections.evidenceFault') : ''
    const proof = sms.proof()
    if (!proof && !claim.on) step.value = 0
    if (secret.fault || missing || claim.fault || !proof) return
    if (!claim.on) taken.value = null
    const consents = texts.value.filter((text) => agreed.has(text.purpose)).map(({ purpose, version }) => ({ purpose, version }))
    const body = { ...proof, ...personIn(person), password: secret.password, consents, ...(claim.on ? { evidence: claim.evidence.trim() } : {}) }
    await submit(async () => {
      const me = await bodyOf(api.POST('/api/registrations', { body, params: { header: { 'Idempotency-Key': key(body) } } }))
      Object.assign(secret, { password: '', kept: false })
      Object.assign(person, NOBODY)
      know(me)
      registered.value = me
      step.value = 3
    })
  }

  function agree(purpose: string, on: boolean): void {
    if (on) agreed.add(purpose)
    else agreed.delete(purpose)
    consentFault.value = ''
  }

  return { step, sms, person, personFault, secret, roster, agreed, agree, consentFault, choices, texts, busy, failure, taken, claim, registered, givePhone, givePerson, register }
}

function focusFirst(faults: PersonFaults): void {
  const first = Object.entries(faults).find(([, fault]) => fault !== '')?.[0]
  document.getElementById(`register-${first?.replaceAll('_', '-')}`)?.focus()
}
