import type { Feature } from '..'

export default {
  routes: [{ path: '/password-reset', component: () => import('./PasswordResetPage.vue'), meta: { public: true, title: 'passwordReset.title' } }],
} satisfies Feature
