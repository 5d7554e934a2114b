import type { Feature } from '..'

export default {
  routes: [
    { path: '/join/:code?', component: () => import('./JoinPage.vue'), meta: { menu: '/', title: 'joining.title' }, props: true },
  ],
} satisfies Feature
