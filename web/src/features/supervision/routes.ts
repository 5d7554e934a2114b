import { Collection, User } from '@element-plus/icons-vue'
import type { Feature } from '..'

export default {
  routes: [
    { path: '/desk/learners', component: () => import('./LearnersPage.vue'), meta: { desk: true, needs: 'supervision.learners', title: 'desk.learners.title' } },
    { path: '/desk/learners/:id', component: () => import('./LearnerPage.vue'), meta: { desk: true, needs: 'supervision.learners', title: 'desk.learners.one' }, props: true },
    { path: '/desk/classes', component: () => import('./ClassesPage.vue'), meta: { desk: true, needs: 'supervision.classes', title: 'desk.classes.title' } },
  ],
  desk: [
    { to: '/desk/learners', label: 'desk.learners.nav', order: 10, icon: User, needs: 'supervision.learners' },
    { to: '/desk/classes', label: 'desk.classes.nav', order: 20, icon: Collection, needs: 'supervision.classes' },
  ],
} satisfies Feature
