import { Finished } from '@element-plus/icons-vue'
import type { Feature } from '..'

export default {
  routes: [
    { path: '/desk/approvals', component: () => import('./ApprovalsPage.vue'), meta: { desk: true, needs: 'approvals.decide', title: 'desk.approvals.title' } },
  ],
  desk: [{ to: '/desk/approvals', label: 'desk.approvals.nav', order: 50, icon: Finished, needs: 'approvals.decide' }],
} satisfies Feature
