import { Odometer } from '@element-plus/icons-vue'
import type { Feature } from '..'

export default {
  routes: [
    { path: '/desk/face-state', component: () => import('./FaceStatePage.vue'), meta: { desk: true, needs: 'faces.state', title: 'desk.faceState.title' } },
  ],
  desk: [{ to: '/desk/face-state', label: 'desk.faceState.nav', order: 45, icon: Odometer, needs: 'faces.state' }],
} satisfies Feature
