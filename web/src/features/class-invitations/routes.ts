import type { Feature } from '..'

export default {
  routes: [
    { path: '/desk/classes/:id/invitations', component: () => import('./InvitationsPage.vue'), meta: { desk: true, needs: 'classes.admit', title: 'desk.invitations.title' }, props: true },
  ],
} satisfies Feature
