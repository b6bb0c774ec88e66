import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
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

const KEYS = { accessKeyId: 'EXAMPLEKEY123', secretAccessKey: 'EXAMPLESECRET123456' }
const REGION = 'us-east-1'
const READY_ATTEMPTS = 200
const READY_PAUSE = 100

/** A real program that `scripts/e2e-parts.sh` has installed, by its path below the folder of parts. */
export function part(path: string): string {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  const file = join(process.env.HELM_S3_PARTS ?? join(cache, 'helm-s3-parts'), path)
  if (!existsSync(file)) throw new Error(`${file} is missing: run scripts/e2e-parts.sh`)
  return file
}

/** `settings`: environment of the server. */
export async function startStore(
  name: StoreName,
  settings: Readonly<Record<string, string>> = {},
): Promise<RunningStore> {
  return name === 'minio' ? startMinio(settings) : startVersitygw(settings)
}

async function startMinio(settings: Readonly<Record<string, string>>): Promise<RunningStore> {
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
  return run('minio', part('bin/minio'), args, env, port, folder)
}

async function startVersitygw(settings: Readonly<Record<string, string>>): Promise<RunningStore> {
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
  return run('versitygw', part('bin/versitygw'), args, settings, port, folder)
}

async function run(
  name: StoreName,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  port: number,
  folder: string,
): Promise<RunningStore> {
  const launch = (): ChildProcess => spawn(program, args, { env: { ...process.env, ...env }, stdio: 'ignore' })
  let child = launch()
  const endpoint = `http://127.0.0.1:${String(port)}`
  const begin = async (): Promise<void> => {
    try {
      await untilAnswering(endpoint, child)
    } catch (error) {
      child.kill('SIGKILL')
      throw error
    }
  }
  await begin()
  return {
    name,
    endpoint,
    ...KEYS,
    region: REGION,
    folder,
    leave: () => end(child),
    comeBack: () => {
      child = launch()
      return begin()
    },
    stop: async () => {
      await end(child)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Waits for any answer, even a refusal: it shows that the server is up. */
async function untilAnswering(endpoint: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < READY_ATTEMPTS; attempt++) {
    if (child.exitCode !== null) throw new Error(`the server ended with status ${String(child.exitCode)}`)
    try {
      await fetch(endpoint, { signal: AbortSignal.timeout(1000) })
      return
    } catch {
      await pause(READY_PAUSE)
    }
  }
  throw new Error(`nothing answers at ${endpoint}`)
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
