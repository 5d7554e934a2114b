import { readonly, ref, type Ref } from 'vue'
import { bodyOf } from '@zhipei/api-client'
import { api } from './api'

const unread = ref(0)

interface UseUnread {
  unread: Readonly<Ref<number>>
  /** Asked when the reader moves on, never by a timer: asking keeps a login alive. */
  refresh: () => Promise<void>
  know: (count: number) => void
}

/** How many notices wait to be read. */
export function useUnread(): UseUnread {
  return { unread: readonly(unread), refresh, know }
}

async function refresh(): Promise<void> {
  try {
    know((await bodyOf(api.GET('/api/notices/unread'))).unread)
  } catch {
    // The number on the bell is no reason to disturb anybody.
  }
}

function know(count: number): void {
  unread.value = count
}
