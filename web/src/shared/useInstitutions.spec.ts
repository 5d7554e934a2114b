import { describe, expect, it } from 'vitest'
import { withKept } from './useInstitutions'

describe('institutions to choose from', () => {
  const school = { id: 'a', name: '琼海技工学校', region: '469002' }
  const other = { id: 'b', name: '三亚职业培训学校', region: '460203' }

  it('keep what was chosen, once', () => {
    expect(withKept([other], undefined)).toEqual([other])
    expect(withKept([other], school)).toEqual([school, other])
    expect(withKept([other, school], school)).toEqual([other, school])
  })
})
