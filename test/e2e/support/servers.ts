import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

/** The stores that the end-to-end suite runs on. */
export type StoreName = 'minio' | 'versitygw'

/** A store that a test has started. */
export interface RunningStore {
  readonly name: string
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
  /** Where it keeps the objects; with versitygw one file each, `BUCKET/KEY`. Undefined: not in files. */
  readonly folder?: string
  /** Stops the server, which keeps its objects, as at the beginning of a restart. */
  leave(): Promise<void>
  /** Starts again, at the same address. */
  comeBack(): Promise<void>
  stop(): Promise<void>
}

/** A store whose end can come without warning. */
export interface KillableStore extends RunningStore {
  /** Ends the server as a loss of power ends a process: SIGKILL. */
  kill(): Promise<void>
}

/** A server that is to be started on 127.0.0.1. */
export interface ServerPlan {
  readonly name: string
  /** Its path, or its name on the PATH. */
  readonly program: string
  readonly args: readonly string[]
  /** What its environment has beside ours. */
  readonly env?: Readonly<Record<string, string>>
  readonly port: number
  /** Where it keeps what it must find after a restart; it goes with the server. */
  readonly folder: string
  /** Default: {@link KEYS}. */
  readonly keys?: Keys
  /** Default: us-east-1. */
  readonly region?: string
  /** A file for what the server prints. Undefined: nobody reads it. */
  readonly log?: string
  /** Whether it takes requests by now. Default: any answer will do, even a refusal. */
  readonly isReady?: (endpoint: string) => Promise<boolean>
  /** Milliseconds until it has to be ready. */
  readonly patience?: number
  /** Called when the server has ended for good. */
  readonly afterwards?: () => Promise<void>
}

export interface Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export const KEYS: Keys = { accessKeyId: 'EXAMPLEKEY123', secretAccessKey: 'EXAMPLESECRET123456' }
const REGION = 'us-east-1'
const PATIENCE = 20_000
const READY_PAUSE = 100

/** Where real programs are kept between runs. */
export function partsFolder(): string {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  return process.env.HELM_S3_PARTS ?? join(cache, 'helm-s3-parts')
}

/** A real program that `scripts/e2e-parts.sh` has installed, by its path below the folder of parts. */
export function part(path: string): string {
  const file = join(partsFolder(), path)
  if (!existsSync(file)) throw new Error(`${file} is missing: run scripts/e2e-parts.sh`)
  return file
}

/** `settings`: environment of the server. */
export async function startStore(
  name: StoreName,
  settings: Readonly<Record<string, string>> = {},
): Promise<KillableStore> {
  return name === 'minio' ? startMinio(settings) : startVersitygw(settings)
}

async function startMinio(settings: Readonly<Record<string, string>>): Promise<KillableStore> {
  const folder = await mkdtemp(join(tmpdir(), 'minio-'))
  const port = await freePort()
  const console = await freePort()
  const args = [
    'server',
    '--quiet',
    '--address',
    `127.0.0.1:${String(port)}`,
    '--console-address',
    `127.0.0.1:${String(console)}`,
    folder,
  ]
  const env = {
    MINIO_ROOT_USER: KEYS.accessKeyId,
    MINIO_ROOT_PASSWORD: KEYS.secretAccessKey,
    MINIO_UPDATE: 'off',
    MINIO_BROWSER: 'off',
    ...settings,
  }
  return runServer({ name: 'minio', program: part('bin/minio'), args, env, port, folder })
}

async function startVersitygw(settings: Readonly<Record<string, string>>): Promise<KillableStore> {
  const folder = await mkdtemp(join(tmpdir(), 'versitygw-'))
  const port = await freePort()
  const args = [
    '--port',
    `127.0.0.1:${String(port)}`,
    '--access',
    KEYS.accessKeyId,
    '--secret',
    KEYS.secretAccessKey,
    'posix',
    folder,
  ]
  return runServer({ name: 'versitygw', program: part('bin/versitygw'), args, env: settings, port, folder })
}

/** Starts a server, which ends with this process at the latest. @throws when it does not get ready */
export async function runServer(plan: ServerPlan): Promise<KillableStore> {
  let child = launch(plan)
  const endpoint = `http://127.0.0.1:${String(plan.port)}`
  const begin = async (): Promise<void> => {
    try {
      await untilReady(plan, endpoint, child)
    } catch (error) {
      await kill(child)
      throw error
    }
  }
  await begin()
  return {
    name: plan.name,
    endpoint,
    ...(plan.keys ?? KEYS),
    region: plan.region ?? REGION,
    folder: plan.folder,
    leave: () => end(child),
    kill: () => kill(child),
    comeBack: () => {
      child = launch(plan)
      return begin()
    },
    stop: async () => {
      await end(child)
      await plan.afterwards?.()
      await rm(plan.folder, { recursive: true, force: true })
    },
  }
}

/** Starts a process that ends with this one at the latest. */
export function launch({
  args,
  env,
  log,
  program,
}: Pick<ServerPlan, 'args' | 'env' | 'log' | 'program'>): ChildProcess {
  const output = log === undefined ? 'ignore' : openSync(log, 'a')
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', output, output] })
  if (output !== 'ignore') closeSync(output)
  const endWithUs = (): void => void child.kill('SIGKILL')
  process.once('exit', endWithUs)
  child.once('exit', () => process.off('exit', endWithUs))
  child.once('error', () => process.off('exit', endWithUs))
  return child
}

async function untilReady(plan: ServerPlan, endpoint: string, child: ChildProcess): Promise<void> {
  const { isReady = isAnswering, log, patience = PATIENCE } = plan
  const where = log === undefined ? '' : `; see ${log}`
  for (const end = Date.now() + patience; Date.now() < end;) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined)
      throw new Error(`${plan.name} ended with status ${String(child.exitCode ?? child.signalCode)}${where}`)
    if (await isReady(endpoint)) return
    await pause(READY_PAUSE)
  }
  throw new Error(`${plan.name} does not get ready at ${endpoint}${where}`)
}

async function isAnswering(endpoint: string): Promise<boolean> {
  try {
    await fetch(endpoint, { signal: AbortSignal.timeout(1000) })
    return true
  } catch {
    return false
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}

/** Ends a process that this test has started, and waits for it. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await Promise.race([ended, pause(5000)])
  child.kill('SIGKILL')
  await ended
}

/** A port that nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no port'))
        else resolve(address.port)
      })
    })
  })
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
