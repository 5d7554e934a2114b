import { describe, expect, it } from 'vitest'
import { safeNext } from './safe-next'

describe('the way on after a login', () => {
  it('stays inside the application', () => {
    expect(safeNext('/hours?x=1')).toBe('/hours?x=1')
    for (const bad of ['//evil.example', 'https://evil.example', '/\\evil.example', '/login?next=/', undefined, ['a']]) {
      expect(safeNext(bad)).toBe('/')
    }
  })
})
