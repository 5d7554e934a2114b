import { shallowRef, type ShallowRef } from 'vue'
import { bodyOf } from '@zhipei/api-client'
import { api, type Region } from './api'

const regions = shallowRef<readonly Region[]>([])
let asked: Promise<void> | null = null

interface UseRegions {
  /** All regions, by code; empty until they are there. */
  regions: Readonly<ShallowRef<readonly Region[]>>
  ensureRegions: () => Promise<void>
  nameOf: (code: string) => string
}

/** The tree of regions, fetched once. */
export function useRegions(): UseRegions {
  return { regions, ensureRegions, nameOf }
}

async function ensureRegions(): Promise<void> {
  asked ??= bodyOf(api.GET('/api/regions')).then(
    ({ items }) => void (regions.value = items),
    (problem: unknown) => {
      asked = null
      throw problem
    },
  )
  return asked
}

/** The code itself until the name is known. */
function nameOf(code: string): string {
  return regions.value.find((region) => region.code === code)?.name ?? code
}
