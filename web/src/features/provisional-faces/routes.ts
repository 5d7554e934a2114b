import { CircleCheck } from '@element-plus/icons-vue'
import type { Feature } from '..'

export default {
  routes: [
    { path: '/desk/faces', component: () => import('./ProvisionalFacesPage.vue'), meta: { desk: true, needs: 'faces.bind', title: 'desk.provisionalFaces.title' } },
  ],
  desk: [{ to: '/desk/faces', label: 'desk.provisionalFaces.nav', order: 35, icon: CircleCheck, needs: 'faces.bind' }],
} satisfies Feature
