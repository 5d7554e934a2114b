/** Whether a page can be used by everybody: WCAG 2.1 AA, as far as a program can tell. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import type { AxeResults } from 'axe-core'

const source = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What is wrong, one thing a line. */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(await source)
  const { violations } = await page.evaluate<Pick<AxeResults, 'violations'>>(
    "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] })",
  )
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html.slice(0, 160)}`))
}
