import { createI18n } from 'vue-i18n'
import zh, { type Messages } from './zh-CN'

export type Locale = 'zh-CN' | 'en'

declare module 'vue-i18n' {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- this is how the library takes its message type
  export interface DefineLocaleMessage extends Messages {}
}

export const i18n = createI18n<[Messages], Locale, false>({
  legacy: false,
  locale: 'zh-CN',
  fallbackLocale: 'zh-CN',
  messages: { 'zh-CN': zh } as Record<Locale, Messages>,
})

/** Everyone gets Chinese with the page; the other language is fetched when asked for. */
export async function useLocale(locale: Locale): Promise<void> {
  if (locale === 'en' && !i18n.global.availableLocales.includes('en')) {
    i18n.global.setLocaleMessage('en', (await import('./en')).default)
  }
  i18n.global.locale.value = locale
  document.documentElement.lang = locale
}
