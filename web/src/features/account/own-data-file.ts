/** All that the platform keeps of the learner. */
import { bodyOf, type Schemas } from '@zhipei/api-client'
import { localMoment } from '@zhipei/hours'
import { api } from '@/shared/api'

export function fetchOwnData(password: string): Promise<Schemas['ExportOut']> {
  return bodyOf(api.POST('/api/me/export', { body: { password } }))
}

/** As a file on their own computer. Its name says nothing of whom it is about. */
export async function downloadOwnData(password: string): Promise<void> {
  const data = await fetchOwnData(password)
  const file = new Blob([JSON.stringify(data, null, 2)], { type: 'application/json' })
  const address = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = address
  link.download = `zhipei-${localMoment(Date.now()).date}.json`
  link.click()
  // Some browsers fetch it only after the click is over.
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}
