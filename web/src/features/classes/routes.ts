import type { Feature } from '..'

export default {
  routes: [
    { path: '/', component: () => import('./HomePage.vue'), meta: { menu: '/', title: 'nav.classes' } },
    { path: '/classes/:id', component: () => import('./ClassPage.vue'), meta: { menu: '/', title: 'nav.classes' }, props: true },
  ],
  menu: { to: '/', label: 'nav.classes', order: 1 },
} satisfies Feature
