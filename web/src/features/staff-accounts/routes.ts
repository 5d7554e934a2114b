import { Avatar } from '@element-plus/icons-vue'
import type { Feature } from '..'

export default {
  routes: [
    { path: '/desk/staff-accounts', component: () => import('./StaffAccountsPage.vue'), meta: { desk: true, needs: 'staff.list', title: 'desk.accounts.title' } },
  ],
  desk: [{ to: '/desk/staff-accounts', label: 'desk.accounts.nav', order: 40, icon: Avatar, needs: 'staff.list' }],
} satisfies Feature
