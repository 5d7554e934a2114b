import { useI18n } from 'vue-i18n'
import type { Schemas } from '@zhipei/api-client'

type Text = Schemas['ConsentTextOut']

/** What a consent is for, in a line. The texts themselves bind as they are, in Chinese. */
export function useConsentWords(): { title: (text: Text) => string; short: (text: Text) => string } {
  const { t, te, locale } = useI18n()
  const word = (key: string, given: string): string => (te(key) ? t(key) : given)
  return {
    title: ({ purpose, title }) => (locale.value === 'zh-CN' ? title : word(`consent.titles.${purpose}`, title)),
    short: ({ purpose }) => word(`consent.short.${purpose}`, ''),
  }
}
