/** The hour list as Chromium prints it, read back. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { run } from './server'
import { kept } from './visit'

export interface Printed {
  /** One string a page, laid out as on the paper. */
  pages: string[]
}

export async function printed(page: Page, name: string): Promise<Printed> {
  await mkdir(kept, { recursive: true })
  const file = join(kept, `${name}.pdf`)
  await page.pdf({ path: file, preferCSSPageSize: true })
  const text = await run('pdftotext', ['-layout', '-enc', 'UTF-8', file, '-'])
  return { pages: text.split('\f').filter((one) => one.trim() !== '') }
}
