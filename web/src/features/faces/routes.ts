import type { Feature } from '..'

/** A part of the learner's account, in its frame. */
export default {
  routes: [
    {
      path: '/account/face',
      component: () => import('../account/AccountPage.vue'),
      children: [{ path: '', component: () => import('./FaceSection.vue'), meta: { title: 'faces.title' } }],
    },
  ],
} satisfies Feature
