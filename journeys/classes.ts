/** The classes that journeys need beside the demonstration's own: each has its rules and its learners. */

export interface JourneyClass {
  code: string
  title: string
  course: string
  minutes: number
  learners: string[]
  /** As `zhipei policy set` takes them. */
  rules: string[]
}

const FIRE = '消防安全入门'
const ELECTRICITY = '安全用电基础'
const OFTEN = ['--check-min-s', '10', '--check-max-s', '15']
const FACE = ['--check', 'face-action', '--face-at-lesson', 'true']
/** Later than any journey gets in a course that is longer than that: no check comes. */
const SELDOM = ['--check-min-s', '300', '--check-max-s', '360']

/** The demonstration's class of one lesson of a minute. */
export const DEMO_CLASS = '消防安全入门（演示班）'

export const classes = {
  missed: {
    code: 'LX-0002',
    title: '补录练习班',
    course: FIRE,
    minutes: 1,
    learners: ['demo02'],
    rules: [...OFTEN, '--answer-within-s', '10'],
  },
  twoDevices: { code: 'LX-0003', title: '两台设备练习班', course: ELECTRICITY, minutes: 8, learners: ['demo03'], rules: SELDOM },
  offline: { code: 'LX-0004', title: '断网练习班', course: ELECTRICITY, minutes: 8, learners: ['demo04'], rules: SELDOM },
  keyboard: { code: 'LX-0005', title: '键盘练习班', course: FIRE, minutes: 1, learners: ['demo05'], rules: OFTEN },
  reload: { code: 'LX-0006', title: '刷新练习班', course: ELECTRICITY, minutes: 8, learners: ['demo06'], rules: SELDOM },
  pictures: {
    code: 'LX-0007',
    title: '电工（五级）2026 年第 4 期',
    course: ELECTRICITY,
    minutes: 8,
    learners: ['demo08'],
    rules: ['--check-min-s', '20', '--check-max-s', '25', '--answer-within-s', '10'],
  },
  dayFull: {
    code: 'LX-0008',
    title: '焊工（四级）2026 年第 2 期',
    course: ELECTRICITY,
    minutes: 8,
    learners: ['demo09'],
    rules: [...SELDOM, '--cap-min', '1'],
  },
  face: { code: 'LX-0009', title: '人脸练习班', course: FIRE, minutes: 1, learners: ['demo10'], rules: [...OFTEN, ...FACE] },
  stranger: { code: 'LX-0010', title: '换人练习班', course: FIRE, minutes: 1, learners: ['demo09'], rules: [...OFTEN, ...FACE, '--tries', '1'] },
  noFace: { code: 'LX-0011', title: '短信练习班', course: FIRE, minutes: 1, learners: [], rules: [...OFTEN, ...FACE] },
} satisfies Record<string, JourneyClass>
