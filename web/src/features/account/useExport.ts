import { bodyOf } from '@zhipei/api-client'
import { localMoment } from '@zhipei/hours'
import { api } from '@/shared/api'
import { useSubmit } from '@/shared/useSubmit'

/** All that the platform keeps of the learner, as a file on their own computer. Its name says nothing of whom it is about. */
export function useExport() {
  const { busy, failure, submit } = useSubmit()

  async function download(): Promise<void> {
    await submit(async () => {
      const data = await bodyOf(api.GET('/api/me/export'))
      const file = new Blob([JSON.stringify(data, null, 2)], { type: 'application/json' })
      const address = URL.createObjectURL(file)
      const link = document.createElement('a')
      link.href = address
      link.download = `zhipei-${localMoment(Date.now()).date}.json`
      link.click()
      // Some browsers fetch it only after the click is over.
      setTimeout(() => URL.revokeObjectURL(address), 10_000)
    })
  }

  return { busy, failure, download }
}
