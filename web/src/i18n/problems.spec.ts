import { describe, expect, it } from 'vitest'
import errors from '../../../crates/api/src/error.rs?raw'
import rejections from '../../../crates/domain/src/rejection.rs?raw'
import identities from '../../../crates/domain/src/identity.rs?raw'
import en from './en'
import zh from './zh-CN'

/** What `fn code` of a Rust enum gives, and the second part of what an answer is made of. */
function codes(): string[] {
  const given = [rejections, identities].map((source) => /fn code\([\s\S]*?\n {4}\}/.exec(source)?.[0] ?? '').join('\n')
  const named = [...given.matchAll(/=> "(\w+)"/g), ...errors.matchAll(/S::\w+,\s*"(\w+)"/g)]
  return named.map(([, code]) => code ?? '')
}

describe('the words for problems', () => {
  it('say every code of the server, in both languages', () => {
    expect(codes().length).toBeGreaterThan(80)
    expect(codes().filter((code) => !(code in zh.problems))).toEqual([])
    expect(codes().filter((code) => !(code in en.problems))).toEqual([])
  })
})
