import { describe, expect, it } from 'vitest'
import { canObject, correctionState } from './correction-state'

const one = { id: 'c', field: 'phone', state: 'approved', reason: null, created_at: '2026-11-24T01:00:00Z', decided_at: null, takes_effect_at: null as string | null }

describe('the state of a correction', () => {
  it('tells what is agreed to from what is done', () => {
    expect(correctionState({ ...one, takes_effect_at: '2026-11-25T01:00:00Z' })).toBe('agreed')
    expect(correctionState(one)).toBe('approved')
    expect(correctionState({ ...one, state: 'refused' })).toBe('refused')
  })

  it('lets the holder of a phone object until it is changed', () => {
    expect(canObject({ ...one, state: 'pending' })).toBe(true)
    expect(canObject({ ...one, takes_effect_at: '2026-11-25T01:00:00Z' })).toBe(true)
    expect(canObject(one)).toBe(false)
    expect(canObject({ ...one, field: 'name', state: 'pending' })).toBe(false)
  })
})
