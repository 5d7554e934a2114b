import { ref, shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { bodyOf, type Schemas } from '@zhipei/api-client'
import { api } from '@/shared/api'
import { useLoad } from '@/shared/useLoad'
import { useSubmit } from '@/shared/useSubmit'
import { invitationCode } from '@/shared/invitation-code'

/** A class that can be joined, and by what: a code, or a place on its roster. */
export interface Offer {
  class: Schemas['JoinableClassOut']
  approval: boolean
  by: { code: string } | { place: string }
}

export function useJoining(given: string) {
  const { t } = useI18n()
  const typed = ref(given)
  const codeFault = ref('')
  const offer = shallowRef<Offer | null>(null)
  const joined = shallowRef<Schemas['JoinedOut'] | null>(null)
  const agreed = ref(false)
  const pledgeFault = ref('')

  const known = useLoad(async () => {
    const [places, requests, pledge] = await Promise.all([bodyOf(api.GET('/api/me/roster-places')), bodyOf(api.GET('/api/me/join-requests')), bodyOf(api.GET('/api/pledge'))])
    return { places: places.items, requests: requests.items, pledge }
  })
  const { busy, failure, submit } = useSubmit((problem) => {
    if (problem.code !== 'class_invitation_over') return null
    codeFault.value = t('problems.class_invitation_over')
    offer.value = null
    return ''
  })

  async function look(): Promise<void> {
    const code = invitationCode(typed.value)
    codeFault.value = code === null ? t('joining.codeFault') : ''
    if (code === null) return
    await submit(async () => {
      const found = await bodyOf(api.GET('/api/class-invitations/{code}', { params: { path: { code } } }))
      choose({ ...found, by: { code } })
    })
  }

  function choose(one: Offer | null): void {
    offer.value = one
    agreed.value = false
    pledgeFault.value = ''
    failure.value = ''
  }

  async function join(): Promise<void> {
    const pledge = known.data.value?.pledge
    const to = offer.value
    if (!to || !pledge) return
    pledgeFault.value = agreed.value ? '' : t('problems.pledge_required')
    if (!agreed.value) return
    const body = { pledge_version: pledge.version }
    await submit(async () => {
      joined.value =
        'code' in to.by
          ? await bodyOf(api.POST('/api/class-invitations/{code}/join', { params: { path: { code: to.by.code } }, body }))
          : await bodyOf(api.POST('/api/me/roster-places/{id}/join', { params: { path: { id: to.by.place } }, body }))
    })
    if (joined.value) await known.reload()
  }

  if (given !== '') void look()
  return { typed, codeFault, offer, joined, agreed, pledgeFault, known, busy, failure, look, choose, join }
}
