import { computed, reactive, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Schemas } from '@zhipei/api-client'
import { api, type StaffAccount } from '@/shared/api'
import { useSubmit } from '@/shared/useSubmit'
import { chargesOf, dutiesOf, ROLES, type DutiesForm, type RoleName } from './duties'
import { limitsBefore, limitsOf } from './limits'

export type StaffRequest = { kind: 'add_staff' } | { kind: 'change_duties' | 'disable_staff' | 'limit_staff' | 'reset_access'; account: StaffAccount }

/** What is asked for of an account; another person decides. */
export function useStaffRequest(request: StaffRequest) {
  const { t } = useI18n()
  const { busy, failure, submit } = useSubmit()
  const own = 'account' in request ? request.account : null
  const form = reactive({ login_name: '', name: '', reason: '', ...dutiesBefore(own) })
  const limits = ref(limitsBefore(own))
  const fault = reactive({ login_name: '', name: '', roles: '', region: '', institution: '', reason: '' })
  const charges = computed(() => chargesOf(form.roles))
  const asksRegion = computed(() => form.roles.length > 0 && charges.value.includes('region'))
  const asksInstitution = computed(() => form.roles.length > 0 && charges.value.includes('institution'))

  function act(): Schemas['ActIn'] {
    const { kind } = request
    if (kind === 'add_staff') return { kind, login_name: form.login_name.trim(), name: form.name.trim(), duties: dutiesOf(form), ...limitsOf(limits.value) }
    const staff_id = request.account.id
    if (kind === 'change_duties') return { kind, staff_id, duties: dutiesOf(form) }
    return kind === 'limit_staff' ? { kind, staff_id, ...limitsOf(limits.value) } : { kind, staff_id }
  }

  async function ask(): Promise<boolean> {
    const needed = (value: string): string => (value.trim() === '' ? t('desk.accounts.needed') : '')
    const adds = request.kind === 'add_staff'
    const changes = adds || request.kind === 'change_duties'
    fault.login_name = adds ? needed(form.login_name) : ''
    fault.name = adds ? needed(form.name) : ''
    fault.roles = changes && form.roles.length === 0 ? t('desk.accounts.needRole') : ''
    fault.region = changes && asksRegion.value && form.region === null ? t('desk.accounts.needRegion') : ''
    fault.institution = changes && asksInstitution.value && !charges.value.includes('platform') ? needed(form.institution) : ''
    fault.reason = [...form.reason.trim()].length < 2 ? t('problems.reason_invalid') : ''
    if (Object.values(fault).some(Boolean)) return false
    return submit(async () => void (await api.POST('/api/approvals', { body: { reason: form.reason.trim(), act: act() } })))
  }

  return { form, limits, fault, busy, failure, asksRegion, asksInstitution, ask }
}

function dutiesBefore(account: StaffAccount | null): DutiesForm {
  const known = (name: string): name is RoleName => (ROLES as readonly string[]).includes(name)
  return {
    roles: account?.roles.map(({ role }) => role).filter(known) ?? [],
    region: account?.charge.region ?? null,
    institution: account?.charge.institution_id ?? '',
  }
}
