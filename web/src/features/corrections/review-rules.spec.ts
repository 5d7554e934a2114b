import { describe, expect, it } from 'vitest'
import { decides, valueParts } from './review-rules'

describe('the review of a correction', () => {
  it('leaves phone and document to the supervisor, and the name to either', () => {
    const institution = { region: null, institution_id: '0197' }
    const supervisor = { region: '469002', institution_id: null }
    expect(['name', 'document', 'phone'].map((field) => decides(field, institution))).toEqual([true, false, false])
    expect(['name', 'document', 'phone'].every((field) => decides(field, supervisor))).toBe(true)
  })

  it('parts a document into kind and number', () => {
    expect(valueParts('document', 'passport:E12345678')).toEqual({ kind: 'passport', text: 'E12345678' })
    expect(valueParts('name', '阿卜:杜')).toEqual({ kind: null, text: '阿卜:杜' })
    expect(valueParts('phone', '13876000101')).toEqual({ kind: null, text: '13876000101' })
  })
})
