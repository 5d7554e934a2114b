import { Stamp } from '@element-plus/icons-vue'
import type { Feature } from '..'

export default {
  routes: [
    { path: '/desk/frozen-times', component: () => import('./FrozenTimesPage.vue'), meta: { desk: true, needs: 'frozen_times.decide', title: 'desk.frozenTimes.title' } },
  ],
  desk: [{ to: '/desk/frozen-times', label: 'desk.frozenTimes.nav', order: 25, icon: Stamp, needs: 'frozen_times.decide' }],
} satisfies Feature
