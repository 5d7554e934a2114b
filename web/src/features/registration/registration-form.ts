/** What is typed in to register, what is wrong with it, and to which step a fault belongs. */
import { birthDateFault, birthDateNeeded, documentFault, isPersonName, normalNumber, type DocumentKind } from '@zhipei/people'

export interface Person {
  name: string
  document_kind: DocumentKind
  document_number: string
  born_on: string
  region: string | null
  /** Down to the district, where there are districts. */
  region_whole: boolean
  categories: string[]
  employer: string
}

export type PersonField = 'name' | 'document_number' | 'born_on' | 'region' | 'categories' | 'employer'
/** Keys of words, empty where nothing is wrong. */
export type PersonFaults = Record<PersonField, string>

export const NOBODY: Person = {
  name: '', document_kind: 'resident_id', document_number: '', born_on: '', region: null, region_whole: false, categories: [], employer: '',
}
export const MOST_CATEGORIES = 5

export function personFaults(person: Person, today: string): PersonFaults {
  const number = documentFault(person.document_kind, person.document_number, today)
  const born = birthDateNeeded(person.document_kind, person.document_number) ? birthDateFault(person.born_on, today) : null
  const categories = person.categories.length
  return {
    name: person.name.trim() === '' ? 'registration.faults.missing' : isPersonName(person.name) ? '' : 'registration.faults.name',
    document_number: number === null ? '' : `registration.faults.document.${number}`,
    born_on: born === null ? '' : `registration.faults.document.${born}`,
    region: person.region !== null && person.region_whole ? '' : 'registration.faults.region',
    categories: categories >= 1 && categories <= MOST_CATEGORIES ? '' : 'registration.faults.categories',
    employer: [...person.employer.trim()].length > 100 ? 'registration.faults.employer' : '',
  }
}

/** As the server takes it. */
export function personIn(person: Person) {
  const needed = birthDateNeeded(person.document_kind, person.document_number)
  return {
    name: person.name.trim(),
    document_kind: person.document_kind,
    document_number: normalNumber(person.document_number),
    ...(needed ? { born_on: person.born_on } : {}),
    region: person.region ?? '',
    categories: person.categories,
    ...(person.employer.trim() ? { employer: person.employer.trim() } : {}),
  }
}

/** The step on which a field of the request is typed, from 0. */
export function stepOf(field: string | null): number | null {
  if (field === null) return null
  if (['phone', 'code', 'ticket'].includes(field)) return 0
  if (['name', 'document_kind', 'document_number', 'born_on', 'region', 'categories', 'employer'].includes(field)) return 1
  return ['password', 'consents'].includes(field) ? 2 : null
}
