import { bodyOf } from '@zhipei/api-client'
import { api, type Approval } from '@/shared/api'

/** The names of the institutions that are spoken of. Where one cannot be had, its id has to do. */
export async function institutionNames(approvals: readonly Approval[]): Promise<ReadonlyMap<string, string>> {
  const ids = new Set(approvals.flatMap(({ charge }) => charge?.institution_id ?? []))
  const found = await Promise.all([...ids].map((id) => bodyOf(api.GET('/api/institutions', { params: { query: { id } } })).catch(() => null)))
  return new Map(found.flatMap((page) => page?.items ?? []).map(({ id, name }) => [id, name]))
}
