import type { Feature } from '..'

export default {
  routes: [
    { path: '/staff/login', component: () => import('./StaffLoginPage.vue'), meta: { public: true, title: 'desk.login.title' } },
    { path: '/staff/join', component: () => import('./StaffJoinPage.vue'), meta: { public: true, title: 'desk.join.title' } },
  ],
} satisfies Feature
