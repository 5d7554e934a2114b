import type { Feature } from '..'

export default {
  routes: [{ path: '/register', component: () => import('./RegisterPage.vue'), meta: { public: true, title: 'registration.title' } }],
} satisfies Feature
