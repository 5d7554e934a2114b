import { Notebook } from '@element-plus/icons-vue'
import type { Feature } from '..'

export default {
  routes: [
    { path: '/desk/audit-events', component: () => import('./AuditEventsPage.vue'), meta: { desk: true, needs: 'audit.read', title: 'desk.audit.title' } },
  ],
  desk: [{ to: '/desk/audit-events', label: 'desk.audit.nav', order: 60, icon: Notebook, needs: 'audit.read' }],
} satisfies Feature
