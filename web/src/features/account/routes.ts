import type { Feature } from '..'

export default {
  routes: [{ path: '/account', component: () => import('./AccountPage.vue'), meta: { title: 'account.title' } }],
} satisfies Feature
