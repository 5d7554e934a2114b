import { newId, type DeviceKind } from '@zhipei/learning-session'

const KEY = 'zhipei:device'

/** What other devices are told that one went on with. */
export function deviceKind(agent: string = navigator.userAgent): DeviceKind {
  return /Mobi|Android/.test(agent) ? 'phone' : 'pc'
}

/** This browser's name for itself; a new one each time where nothing can be kept. */
export function deviceId(): string {
  try {
    const known = localStorage.getItem(KEY)
    if (known) return known
    const fresh = newId()
    localStorage.setItem(KEY, fresh)
    return fresh
  } catch {
    return newId()
  }
}
