import type { Feature } from '..'

export default {
  routes: [
    { path: '/hours/:classId?', component: () => import('./HoursPage.vue'), meta: { menu: '/hours', title: 'hours.title' }, props: true },
  ],
  menu: { to: '/hours', label: 'nav.hours', order: 2 },
} satisfies Feature
