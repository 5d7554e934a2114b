import type { Feature } from '..'

export default {
  routes: [
    {
      path: '/classes/:classId/lessons/:lessonId',
      component: () => import('./LessonPage.vue'),
      meta: { menu: '/', title: 'nav.classes' },
      props: true,
    },
  ],
} satisfies Feature
