import { createClient, type ApiProblem, type Schemas } from '@zhipei/api-client'

let whenOver: (problem: ApiProblem) => void = () => undefined

/** What to do when the server says that nobody is logged in, or no longer; the router sets it. */
export function onSessionOver(task: (problem: ApiProblem) => void): void {
  whenOver = task
}

export const api = createClient({ onUnauthenticated: (problem) => whenOver(problem) })

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
export type StaffMe = Schemas['StaffMeOut']
export type StaffAccount = Schemas['StaffAccountOut']
export type Approval = Schemas['ApprovalOut']
export type AuditEvent = Schemas['AuditEventOut']
export type LoginSession = Schemas['LoginSessionOut']
export type SupervisedClass = Schemas['SupervisedClassOut']
export type SupervisedLearner = Schemas['SupervisedLearnerOut']
export type SupervisedLearnerDetail = Schemas['SupervisedLearnerDetailOut']
export type Region = Schemas['RegionOut']
