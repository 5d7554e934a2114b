import { expect, it, vi } from 'vitest'
import type { Approval } from '@/shared/api'
import { institutionNames } from './institution-names'

const asked = vi.hoisted(() => [] as string[])
vi.mock('@/shared/api', () => ({
  api: {
    GET: async (_path: string, { params }: { params: { query: { id: string } } }) => {
      asked.push(params.query.id)
      if (params.query.id === 'gone') throw new Error('gone')
      return { data: { items: [{ id: params.query.id, name: '琼海技工学校', region: '469002' }], next: null } }
    },
  },
}))

it('each institution is asked for once, and one that is gone spoils nothing', async () => {
  const about = (institution_id: string | null) => ({ charge: { region: null, institution_id } }) as Approval
  const names = await institutionNames([about('a'), about('a'), about('gone'), about(null), { charge: null } as Approval])
  expect([...names]).toEqual([['a', '琼海技工学校']])
  expect(asked).toEqual(['a', 'gone'])
})
