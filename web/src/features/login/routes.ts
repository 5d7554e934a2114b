import type { Feature } from '..'

export default {
  routes: [
    { path: '/login', component: () => import('./LoginPage.vue'), meta: { public: true, title: 'login.title' } },
  ],
} satisfies Feature
