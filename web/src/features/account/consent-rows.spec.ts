import { describe, expect, it } from 'vitest'
import { consentRows } from './consent-rows'

const text = (purpose: string, required = false) => ({ purpose, version: 1, title: purpose, body: '', required, about_faces: false })
const given = (purpose: string, at: string, withdrawn: string | null = null, live = withdrawn === null) => ({
  purpose, version: 1, text_hash: '', given_at: at, withdrawn_at: withdrawn, live,
})

describe('the consents of a learner', () => {
  it('show each purpose once, by the newest that was given', () => {
    const rows = consentRows(
      [text('terms', true), text('sharing'), text('sms'), text('document', true)],
      [
        given('terms', '2026-01-01T00:00:00Z'),
        given('sharing', '2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z'),
        given('sharing', '2026-03-01T00:00:00Z'),
        given('sms', '2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z'),
      ],
    )
    expect(rows.map(({ state, given: one }) => [state, one?.given_at.slice(5, 7) ?? null])).toEqual([
      ['live', '01'], ['live', '03'], ['withdrawn', '01'], ['never', null],
    ])
  })

  it('tell one that was given to an older text', () => {
    expect(consentRows([text('terms')], [given('terms', '2026-01-01T00:00:00Z', null, false)])[0]?.state).toBe('outdated')
  })
})
