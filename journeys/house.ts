/** What all journeys share: one server with the demonstration's data, and one browser. */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { chromium, type BrowserServer } from 'playwright-core'
import type { TestProject } from 'vitest/node'
import { classes } from './classes'
import { cache, Server } from './server'

declare module 'vitest' {
  interface ProvidedContext {
    address: string
    browser: string
    passwords: Record<string, string>
    /** For operators: the program, the folder of its data, and what it says. */
    program: string
    data: string
    log: string
  }
}

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export default async function open(project: TestProject): Promise<() => Promise<void>> {
  await rm(join(cache, 'journeys/kept'), { recursive: true, force: true })
  const server = await Server.prepare()
  let browser: BrowserServer | null = null
  const close = async (): Promise<void> => {
    await browser?.close()
    await server.stop()
  }
  try {
    for (const one of Object.values(classes)) await server.addClass(one)
    await server.start()
    browser = await chromium.launchServer({
      executablePath: process.env.ZHIPEI_CHROMIUM ?? '/usr/bin/chromium',
      args: FLAGS,
      timeout: 120_000,
    })
    const passwords: unknown = JSON.parse(await readFile(join(server.data, 'demo-accounts.json'), 'utf8'))
    project.provide('address', server.address)
    project.provide('browser', browser.wsEndpoint())
    project.provide('program', server.binary)
    project.provide('data', server.data)
    project.provide('log', server.log)
    project.provide('passwords', passwords as Record<string, string>)
  } catch (error) {
    await close()
    throw error
  }
  return close
}
