import { computed, readonly, ref, type ComputedRef, type Ref } from 'vue'
import { bodyOf } from '@zhipei/api-client'
import { api, type StaffMe } from './api'
import { usePreferences } from './usePreferences'

const staff = ref<StaffMe | null>(null)
let asked: Promise<StaffMe> | null = null

interface UseStaff {
  staff: Readonly<Ref<StaffMe | null>>
  /** As 监管账号, in the reader's language; the server's word where we have none. */
  roles: ComputedRef<StaffMe['roles']>
  may: (permission: string) => boolean
  ensureStaff: () => Promise<StaffMe>
  know: (who: StaffMe) => void
  logOut: () => Promise<void>
  forgetStaff: () => void
}

/** Who of the staff is logged in, and what they may do. The server decides; this only draws the menu. */
export function useStaff(): UseStaff {
  return { staff: readonly(staff) as Readonly<Ref<StaffMe | null>>, roles: computed(() => staff.value?.roles ?? []), may, ensureStaff, know, logOut, forgetStaff }
}

function may(permission: string): boolean {
  return staff.value?.permissions.includes(permission) ?? false
}

async function ensureStaff(): Promise<StaffMe> {
  if (staff.value) return staff.value
  asked ??= bodyOf(api.GET('/api/staff/me')).finally(() => {
    asked = null
  })
  const who = await asked
  know(who)
  return who
}

function know(who: StaffMe): void {
  staff.value = who
  usePreferences().belongTo(who.id)
}

async function logOut(): Promise<void> {
  await api.POST('/api/staff/logout')
  forgetStaff()
}

function forgetStaff(): void {
  staff.value = null
}
