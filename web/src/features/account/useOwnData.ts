import { computed, onScopeDispose, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Schemas } from '@zhipei/api-client'
import { useMe } from '@/shared/useMe'
import { useRegions } from '@/shared/useRegions'
import { fetchOwnData } from './own-data-file'

/** Whoever looks over the shoulder shall not read it for long. */
const SHOWN_MS = 60_000

/** What the platform knows of the learner: masked, and in full for a minute to who gives the password. */
export function useOwnData() {
  const { t, te } = useI18n()
  const { me } = useMe()
  const { nameOf, ensureRegions } = useRegions()
  const whole = ref<Schemas['ExportedIdentityOut'] | null>(null)
  let timer: ReturnType<typeof setTimeout> | undefined
  ensureRegions().catch(() => undefined)

  const kind = computed(() => {
    const code = whole.value?.document_kind ?? ''
    return te(`registration.kinds.${code}`) ? t(`registration.kinds.${code}`) : (me.value?.document_kind ?? '')
  })
  const rows = computed(() => {
    const masked = me.value
    if (!masked) return []
    const none = t('account.none')
    return [
      { field: 'name', name: t('account.name'), value: whole.value?.name ?? masked.name },
      { field: 'document', name: kind.value || t('registration.person.number'), value: whole.value?.document_number ?? masked.document_number ?? none },
      { field: 'phone', name: t('sms.phone'), value: whole.value?.phone ?? masked.phone ?? none },
      { field: null, name: t('registration.person.region'), value: nameOf(masked.region) },
      ...(whole.value?.employer ? [{ field: null, name: t('account.employer'), value: whole.value.employer }] : []),
      { field: null, name: t('account.login'), value: masked.login_name },
    ] as const
  })

  async function reveal(password: string): Promise<void> {
    whole.value = (await fetchOwnData(password)).identity
    clearTimeout(timer)
    timer = setTimeout(hide, SHOWN_MS)
  }

  function hide(): void {
    clearTimeout(timer)
    whole.value = null
  }

  onScopeDispose(hide)
  return { me, rows, shown: computed(() => whole.value !== null), reveal, hide }
}
