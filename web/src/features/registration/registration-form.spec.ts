import { describe, expect, it } from 'vitest'
import { NOBODY, personFaults, personIn, stepOf, type Person } from './registration-form'

const TODAY = '2026-11-24'
const fu: Person = {
  ...NOBODY, name: ' 符秀英 ', document_number: '460200 20000229 1239', region: '469002', region_whole: true, categories: ['0203'], born_on: '1999-01-01',
}

describe('the registration form', () => {
  it('finds nothing wrong with what is right, and sends it in one spelling', () => {
    expect(Object.values(personFaults(fu, TODAY)).filter(Boolean)).toEqual([])
    expect(personIn(fu)).toEqual({ name: '符秀英', document_kind: 'resident_id', document_number: '460200200002291239', region: '469002', categories: ['0203'] })
  })

  it('says at each field what is missing', () => {
    const faults = personFaults(NOBODY, TODAY)
    expect(faults).toMatchObject({ name: 'registration.faults.missing', document_number: 'registration.faults.document.missing', born_on: '', region: 'registration.faults.region', categories: 'registration.faults.categories' })
  })

  it('asks for the day of birth where the document does not say it', () => {
    const foreigner: Person = { ...fu, document_kind: 'passport', document_number: 'E12345678', born_on: '' }
    expect(personFaults(foreigner, TODAY).born_on).toBe('registration.faults.document.missing')
    expect(personFaults({ ...foreigner, born_on: '2012-11-25' }, TODAY).born_on).toBe('registration.faults.document.too_young')
    expect(personIn({ ...foreigner, born_on: '1990-02-03' })).toMatchObject({ born_on: '1990-02-03' })
  })

  it('takes one to five categories, and a region down to its district', () => {
    expect(personFaults({ ...fu, categories: ['01', '02', '03', '04', '05', '06'] }, TODAY).categories).not.toBe('')
    expect(personFaults({ ...fu, region: '460100', region_whole: false }, TODAY).region).not.toBe('')
  })

  it('leads to the step where a fault is mended', () => {
    expect(['code', 'document_number', 'consents', 'unknown', null].map(stepOf)).toEqual([0, 1, 2, null, null])
  })
})
