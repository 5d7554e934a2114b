import type { Feature } from '..'

export default {
  routes: [{ path: '/lost-phone', component: () => import('./LostPhonePage.vue'), meta: { public: true, title: 'lostPhone.title' } }],
} satisfies Feature
