import { createRouter, createWebHistory } from 'vue-router'
import { ApiProblem } from '@zhipei/api-client'
import { routes } from '@/features'
import { i18n } from '@/i18n'
import { onSessionOver } from '@/shared/api'
import { useMe } from '@/shared/useMe'

export const router = createRouter({
  history: createWebHistory(),
  routes: [...routes, { path: '/:rest(.*)*', component: () => import('@/shared/NotFound.vue'), meta: { title: 'notFound.title' } }],
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
})

router.beforeEach(async (to) => {
  if (to.meta.public) return true
  try {
    await useMe().ensureMe()
    return true
  } catch (problem) {
    if (problem instanceof ApiProblem && problem.status === 401) return { path: '/login', query: { next: to.fullPath } }
    // Without an answer the page opens and says itself what it cannot fetch.
    return true
  }
})

router.afterEach((to) => {
  const name = i18n.global.t('app.name')
  document.title = to.meta.title ? `${i18n.global.t(to.meta.title)} · ${name}` : name
})

onSessionOver(() => {
  useMe().forgetMe()
  const at = router.currentRoute.value
  if (!at.meta.public && at.matched.length > 0) void router.push({ path: '/login', query: { next: at.fullPath, ended: '1' } })
})
