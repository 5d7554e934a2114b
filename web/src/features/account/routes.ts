import type { Feature } from '..'

const title = 'account.title'

export default {
  routes: [
    {
      path: '/account',
      component: () => import('./AccountPage.vue'),
      children: [
        { path: '', component: () => import('./ProfileSection.vue'), meta: { title } },
        { path: 'security', component: () => import('./SecuritySection.vue'), meta: { title } },
        { path: 'privacy', component: () => import('./PrivacySection.vue'), meta: { title } },
      ],
    },
  ],
} satisfies Feature
