import { describe, expect, it } from 'vitest'
import { endedBy, safeNext } from './login-way'

describe('the way on after a login', () => {
  it('stays inside the application', () => {
    expect(safeNext('/hours?x=1')).toBe('/hours?x=1')
    for (const bad of ['//evil.example', 'https://evil.example', '/\\evil.example', '/login?next=/', '/staff/login', undefined, ['a']]) {
      expect(safeNext(bad)).toBe('/')
      expect(safeNext(bad, '/desk')).toBe('/desk')
    }
  })

  it('names only reasons that there are', () => {
    expect(endedBy('login_taken_over')).toBe('login_taken_over')
    for (const bad of ['<b>', '1', undefined, ['login_revoked']]) expect(endedBy(bad)).toBeNull()
  })
})
