import { useI18n } from 'vue-i18n'
import type { Schemas } from '@zhipei/api-client'

type Role = Schemas['RoleOut']

/** The roles of staff in the reader's language; a role that this page does not know has the server's word. */
export function useRoleWords(): { word: (role: Role) => string; words: (roles: readonly Role[]) => string } {
  const { t, te } = useI18n()
  const word = (role: Role): string => (te(`desk.roles.${role.role}`) ? t(`desk.roles.${role.role}`) : role.word)
  return { word, words: (roles) => roles.map(word).join(t('common.and')) }
}
