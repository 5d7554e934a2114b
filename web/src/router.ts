import { createRouter, createWebHistory, type RouteLocationNormalized, type RouteLocationRaw } from 'vue-router'
import { ApiProblem } from '@zhipei/api-client'
import { routes } from '@/features'
import { i18n } from '@/i18n'
import { onSessionOver } from '@/shared/api'
import { useMe } from '@/shared/useMe'
import { useStaff } from '@/shared/useStaff'

export const router = createRouter({
  history: createWebHistory(),
  routes: [...routes, { path: '/:rest(.*)*', component: () => import('@/shared/NotFound.vue'), meta: { title: 'notFound.title' } }],
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
})

router.beforeEach(async (to) => {
  if (to.meta.public) return true
  try {
    if (!to.meta.desk) {
      await useMe().ensureMe()
      return true
    }
    const { must_change } = await useStaff().ensureStaff()
    return must_change && to.path !== '/desk/account' ? '/desk/account' : true
  } catch (problem) {
    if (problem instanceof ApiProblem && problem.status === 401) return loginOf(to, problem)
    // A learner's page with a login of staff, or the other way round.
    if (problem instanceof ApiProblem && problem.code === 'not_allowed') return to.meta.desk ? '/staff/login' : '/desk'
    // Without an answer the page opens and says itself what it cannot fetch.
    return true
  }
})

router.afterEach((to) => {
  const name = i18n.global.t('app.name')
  document.title = to.meta.title ? `${i18n.global.t(to.meta.title)} · ${name}` : name
})

onSessionOver((problem) => {
  useMe().forgetMe()
  useStaff().forgetStaff()
  const at = router.currentRoute.value
  if (!at.meta.public && at.matched.length > 0) void router.push(loginOf(at, problem))
})

/** The login that leads back to a page; it says why it is asked for when the old one was ended. */
function loginOf(page: RouteLocationNormalized, { code }: ApiProblem): RouteLocationRaw {
  const from = router.currentRoute.value
  const fresh = from.matched.length === 0 || from.meta.public === true
  const asked = code === 'code_due' || (code === 'not_logged_in' && fresh)
  return { path: page.meta.desk ? '/staff/login' : '/login', query: { next: page.fullPath, ...(asked ? {} : { ended: code }) } }
}
