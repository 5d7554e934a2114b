import type { Feature } from '..'

export default {
  routes: [{ path: '/notices', component: () => import('./NoticesPage.vue'), meta: { title: 'notices.title' } }],
} satisfies Feature
