import { describe, expect, it } from 'vitest'
import { keyFor, newRequestKey } from './request-key'

describe('the key of a request', () => {
  it('is a random UUID', () => {
    expect(newRequestKey()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(newRequestKey()).not.toBe(newRequestKey())
  })

  it('stays while the content stays', () => {
    const key = keyFor()
    const first = key({ name: 'a' })
    expect(key({ name: 'a' })).toBe(first)
    expect(key({ name: 'b' })).not.toBe(first)
  })
})
