/** The real server, on a free port, over a copy of the demonstration's data that is thrown away. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { access, cp, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { JourneyClass } from './classes'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
export const cache = process.env.ZHIPEI_CACHE ?? join(homedir(), '.cache/zhipei')
const INSTITUTION = '琼海海平职业培训学校'
const READY_WITHIN_MS = 120_000

export class Server {
  address = ''
  private process: ChildProcess | null = null
  private output = ''

  private constructor(
    readonly binary: string,
    private readonly clips: string,
    private readonly folder: string,
  ) {}

  get data(): string {
    return join(this.folder, 'data')
  }

  /** What an operator sees of the running server; codes sent by SMS are in it. */
  get log(): string {
    return join(this.folder, 'server.log')
  }

  static async prepare(): Promise<Server> {
    const clips = process.env.ZHIPEI_CLIPS ?? (await makeClips())
    const binary = process.env.ZHIPEI_BINARY ?? (await build())
    const template = await preparedData(binary, clips)
    const server = new Server(binary, clips, await mkdtemp(join(tmpdir(), 'zhipei-journeys.')))
    await cp(template, server.data, { recursive: true })
    return server
  }

  async addClass({ code, title, course, minutes, learners, rules }: JourneyClass): Promise<void> {
    const day = (offset: number): string => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10)
    const named = ['--class', code]
    const filed = ['--filing-number', `演示〔2026〕${code.slice(-1)} 号`, '--occupation', '电工', '--occupation-code', '6-31-01-03', '--level', '五级 / 初级工']
    const window = ['--starts-on', day(-7), '--ends-on', day(60), '--required-minutes', String(minutes)]
    await this.manage('class', 'create', '--code', code, '--title', title, '--institution', INSTITUTION, ...window, ...filed)
    await this.manage('class', 'add-course', ...named, '--course', course)
    if (learners.length > 0) await this.manage('class', 'enrol', ...named, ...learners.flatMap((name) => ['--learner', name]))
    await this.manage('policy', 'set', ...named, ...rules)
  }

  async start(): Promise<void> {
    const port = await freePort()
    this.address = `http://127.0.0.1:${port}`
    const models = join(cache, 'models')
    const faces = (await access(join(models, 'SHA256SUMS')).then(() => true, () => false)) ? ['--models', models] : []
    this.process = spawn(this.binary, ['demo', '--data', this.data, '--clips', this.clips, ...faces, '--port', String(port)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const log = createWriteStream(this.log)
    const keep = (chunk: Buffer): void => {
      this.output += chunk.toString()
      log.write(chunk)
    }
    this.process.stdout?.on('data', keep)
    this.process.stderr?.on('data', keep)
    const deadline = Date.now() + READY_WITHIN_MS
    while (!(await this.isReady())) {
      if (this.process.exitCode !== null || Date.now() > deadline) throw new Error(`the server did not start:\n${this.output}`)
      await pause(200)
    }
  }

  async stop(): Promise<void> {
    const running = this.process
    if (running && running.exitCode === null) {
      const gone = new Promise((done) => running.once('exit', done))
      running.kill('SIGTERM')
      await Promise.race([gone, pause(20_000).then(() => running.kill('SIGKILL'))])
    }
    await rm(this.folder, { recursive: true, force: true })
  }

  private async isReady(): Promise<boolean> {
    return fetch(`${this.address}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    )
  }

  private async manage(...args: string[]): Promise<void> {
    await run(this.binary, args, { ZHIPEI_DATA__FOLDER: this.data })
  }
}

async function makeClips(): Promise<string> {
  const clips = join(cache, 'clips')
  await run(join(root, 'deploy/make-clips'), [clips])
  return clips
}

async function build(): Promise<string> {
  const target = process.env.CARGO_TARGET_DIR ?? join(cache, 'target')
  await run('cargo', ['build', '--profile', 'demo', '-p', 'zhipei-server', '--locked'], { CARGO_TARGET_DIR: target })
  return join(target, 'demo/zhipei')
}

/** The demonstration's data, ready made. Preparing videos is slow, so it is kept for as long as neither the server nor the videos change. */
async function preparedData(binary: string, clips: string): Promise<string> {
  const home = join(cache, 'journeys')
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(binary)) hash.update(chunk as Buffer)
  for (const name of (await readdir(clips)).sort()) if (name.endsWith('.origin')) hash.update(await readFile(join(clips, name)))
  const ready = join(home, `data-${hash.digest('hex').slice(0, 16)}`)
  if (await access(ready).then(() => true, () => false)) return ready
  await mkdir(home, { recursive: true })
  for (const old of await readdir(home)) if (old.startsWith('data-')) await rm(join(home, old), { recursive: true, force: true })
  const making = await mkdtemp(join(home, 'making-'))
  await run(binary, ['demo', '--data', making, '--clips', clips, '--prepare-only'])
  await rename(making, ready)
  return ready
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  await new Promise((done) => server.close(done))
  if (typeof address !== 'object' || address === null) throw new Error('no free port')
  return address.port
}

/** Runs a program to its end; what it said is in the error when it fails. */
export async function run(program: string, args: string[], env: Record<string, string> = {}): Promise<string> {
  const child = spawn(program, args, { env: { ...process.env, ...env }, cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
    said += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const code = await new Promise((done, failed) => {
    child.once('error', failed)
    child.once('close', done)
  })
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ${String(code)}\n${said}`)
  return out
}
