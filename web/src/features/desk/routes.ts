import type { Feature } from '..'

export default {
  routes: [
    { path: '/desk', component: () => import('./DeskHome.vue'), meta: { desk: true, title: 'desk.title' } },
    { path: '/desk/account', component: () => import('./DeskAccount.vue'), meta: { desk: true, title: 'desk.me.title' } },
  ],
} satisfies Feature
