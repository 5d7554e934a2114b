import { createClient, type Schemas } from '@zhipei/api-client'

let whenOver: () => void = () => undefined

/** What to do when the server says that nobody is logged in; the router sets it. */
export function onSessionOver(task: () => void): void {
  whenOver = task
}

export const api = createClient({ onUnauthenticated: () => whenOver() })

export type Me = Schemas['MeOut']
export type ClassOut = Schemas['ClassOut']
export type ClassDetail = Schemas['ClassDetailOut']
export type Course = ClassDetail['courses'][number]
export type Chapter = Course['chapters'][number]
export type LessonRow = Chapter['lessons'][number]
export type Lesson = Schemas['LessonOut']
export type VoidOut = Lesson['voids'][number]
export type Hours = Schemas['HoursOut']
export type HourRow = Schemas['HourRow']
export type Totals = Schemas['TotalsOut']
export type Segment = Schemas['SegmentOut']
export type Policy = Schemas['PolicyOut']
