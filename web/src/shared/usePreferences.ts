import { readonly, ref, type Ref } from 'vue'
import { useLocale, type Locale } from '@/i18n'

const KEY = 'zhipei:preferences'

const large = ref(false)
const locale = ref<Locale>('zh-CN')
let owner: string | null = null

interface UsePreferences {
  large: Readonly<Ref<boolean>>
  locale: Readonly<Ref<Locale>>
  setLarge: (on: boolean) => void
  setLocale: (locale: Locale) => void
  /** Goes over to what this learner chose on this device. */
  belongTo: (learnerId: string) => void
  restore: () => void
}

/** Type size and language: kept on the device, for each account of its own. */
export function usePreferences(): UsePreferences {
  return { large: readonly(large), locale: readonly(locale), setLarge, setLocale, belongTo, restore }
}

function setLarge(on: boolean): void {
  large.value = on
  document.documentElement.dataset.type = on ? 'large' : 'normal'
  save()
}

function setLocale(next: Locale): void {
  locale.value = next
  void useLocale(next)
  save()
}

function belongTo(learnerId: string): void {
  owner = learnerId
  const own = read(`${KEY}:${learnerId}`)
  if (own) apply(own)
  else save()
}

function restore(): void {
  const stored = read(KEY)
  if (stored) apply(stored)
}

function apply(stored: Stored): void {
  setLarge(stored.large)
  setLocale(stored.locale)
}

interface Stored {
  large: boolean
  locale: Locale
}

function save(): void {
  const value = JSON.stringify({ large: large.value, locale: locale.value } satisfies Stored)
  try {
    localStorage.setItem(KEY, value)
    if (owner) localStorage.setItem(`${KEY}:${owner}`, value)
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
}

function read(key: string): Stored | null {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(key) ?? 'null')
    if (typeof value !== 'object' || value === null) return null
    return { large: Reflect.get(value, 'large') === true, locale: Reflect.get(value, 'locale') === 'en' ? 'en' : 'zh-CN' }
  } catch {
    return null
  }
}
