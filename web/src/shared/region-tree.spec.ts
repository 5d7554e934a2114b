import { describe, expect, it } from 'vitest'
import { regionLevels, regionPath } from './region-tree'

const regions = [
  { code: '460000', parent: null, name: '海南省' },
  { code: '460100', parent: '460000', name: '海口市' },
  { code: '460106', parent: '460100', name: '龙华区' },
  { code: '460400', parent: '460000', name: '儋州市' },
  { code: '469002', parent: '460000', name: '琼海市' },
]
const shown = (chosen: string | null) =>
  regionLevels(regions, chosen).map(({ options, chosen: own }) => [options.map(({ name }) => name).join(' '), own])

describe('choosing a region', () => {
  it('begins below the only province', () => {
    expect(shown(null)).toEqual([['海口市 儋州市 琼海市', null]])
  })

  it('asks for a district only where there are districts', () => {
    expect(shown('460100')).toEqual([['海口市 儋州市 琼海市', '460100'], ['龙华区', null]])
    expect(shown('460106')).toEqual([['海口市 儋州市 琼海市', '460100'], ['龙华区', '460106']])
    expect(shown('460400')).toEqual([['海口市 儋州市 琼海市', '460400']])
  })

  it('begins with the provinces where there are several', () => {
    const two = [...regions, { code: '450000', parent: null, name: '广西壮族自治区' }]
    expect(regionLevels(two, null).map(({ options }) => options.length)).toEqual([2])
    expect(regionPath(regions, '460106')).toEqual(['460000', '460100', '460106'])
    expect(regionPath(regions, 'x')).toEqual([])
  })
})
