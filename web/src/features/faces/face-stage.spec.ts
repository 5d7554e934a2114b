import { describe, expect, it } from 'vitest'
import { agreedTo, mayCompare, stageOf } from './face-stage'

const both = new Set(['face_compare', 'face_upload'])
const enrolled = { standing: 'provisional', enrolled_at: '', bound_at: null, current: true } as const

describe('the page about a face', () => {
  it('asks for consent first, and takes a no for an answer', () => {
    expect(stageOf({ available: true, enrolled: null }, new Set(), false)).toBe('consents')
    expect(stageOf({ available: true, enrolled: null }, new Set(['face_compare']), false)).toBe('consents')
    expect(stageOf({ available: true, enrolled: null }, new Set(), true)).toBe('refused')
  })

  it('enrols who agreed, and shows what there is', () => {
    expect(stageOf({ available: true, enrolled: null }, both, true)).toBe('intro')
    expect(stageOf({ available: true, enrolled }, both, false)).toBe('enrolled')
  })

  it('shows what is kept also where nothing is compared any more, so that it can be deleted', () => {
    expect(stageOf({ available: false, enrolled: null }, both, false)).toBe('unavailable')
    expect(stageOf({ available: false, enrolled }, both, false)).toBe('enrolled')
  })

  it('needs both consents, and live ones', () => {
    expect(mayCompare(agreedTo([{ purpose: 'face_compare', live: true }, { purpose: 'face_upload', live: false }]))).toBe(false)
    expect(mayCompare(agreedTo([{ purpose: 'face_compare', live: true }, { purpose: 'face_upload', live: true }]))).toBe(true)
  })
})
