import { expect, it } from 'vitest'
import { lastDay } from './last-day'

it('the last day of an account is the one that ends as the account does', () => {
  expect(lastDay('2027-01-31T16:00:00Z')).toBe('2027-01-31')
})
