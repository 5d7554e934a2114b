/** What an operator does beside the server: runs its commands, and reads the codes that it would send by SMS. */
import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { inject } from 'vitest'
import { run } from './server'
import { SOON } from './visit'

/** Runs a command of the program over the data of the running server. */
export async function operate(...command: string[]): Promise<string> {
  return run(inject('program'), command, { ZHIPEI_DATA__FOLDER: inject('data') })
}

/** The newest code for a phone that is not among those already seen. Operators see phones masked too. */
export async function smsCode(phone: string, seen: string[] = []): Promise<string> {
  const masked = `${phone.slice(0, 3)}****${phone.slice(7)}`
  const deadline = Date.now() + SOON
  for (;;) {
    const sent = [...(await readFile(inject('log'), 'utf8')).matchAll(/短信 (\S+) 验证码 (\d{6})/g)]
    const code = sent.filter(([, to]) => to === masked).map(([, , text]) => text ?? '').at(-1)
    if (code !== undefined && !seen.includes(code)) return code
    if (Date.now() > deadline) throw new Error(`no code was sent to ${masked}`)
    await pause(100)
  }
}

/** Makes an account of staff; gives what stands behind the host in its one-time link. */
export async function newStaff(role: string, loginName: string, name: string, ...where: string[]): Promise<string> {
  const said = await operate('admin', 'create', '--role', role, '--login-name', loginName, '--name', name, ...where)
  const link = /https?:\/\/\S+/.exec(said)?.[0]
  if (link === undefined) throw new Error('the command printed no link')
  const { pathname, hash } = new URL(link)
  return pathname + hash
}
