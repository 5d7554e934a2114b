import { EditPen } from '@element-plus/icons-vue'
import type { Feature } from '..'

export default {
  routes: [
    { path: '/desk/corrections', component: () => import('./CorrectionsPage.vue'), meta: { desk: true, needs: 'corrections.review', title: 'desk.corrections.title' } },
  ],
  desk: [{ to: '/desk/corrections', label: 'desk.corrections.nav', order: 30, icon: EditPen, needs: 'corrections.review' }],
} satisfies Feature
