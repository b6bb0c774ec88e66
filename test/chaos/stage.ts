import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asKey } from '../../lib/core/keys.ts'
import { type ObjectStore, asETag } from '../../lib/store/object-store.ts'
import { createS3Store } from '../../lib/store/s3/store.ts'
import { sha256 } from '../../lib/sys/sha256.ts'
import { makeChart } from '../e2e/support/made-charts.ts'
import { type KillableStore, part } from '../e2e/support/servers.ts'
import { STORES } from '../stores/servers/all-stores.ts'
import { ROOT } from '../e2e/support/workplace.ts'
import { createBucket, localConfig } from '../support/s3-buckets.ts'
import { CONTENTS, type ChartVersion, MACHINES, VERSIONS } from './plan.ts'
import { Processes } from './processes.ts'
import { type Subject, openSubject } from './subjects.ts'

/** Where the store is, and whether it can be killed. */
export interface ChaosStore {
  readonly name: string
  /** `http://HOST:PORT` */
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Undefined: it is not ours. */
  readonly server: KillableStore | undefined
  /** Whether it may be killed, and finds its objects again. */
  readonly mayDie: boolean
}

export interface StageOptions {
  /** By its name in `test/stores/servers`. */
  readonly store: string | undefined
  /** Of a store that runs; the keys are in the environment. */
  readonly endpoint: string | undefined
  readonly subject: string
  readonly form: 'bundle' | 'executable' | 'both'
}

/** What all rounds of a run share. */
export interface Stage {
  readonly folder: string
  readonly store: ChaosStore
  readonly bucket: string
  /** Straight to the store. */
  readonly objects: ObjectStore
  readonly processes: Processes
  readonly subject: Subject
  /** The program that makes repositories ready and looks at them at the end, by its command line. */
  readonly own: readonly string[]
  readonly deletesAlways: boolean
  /** The environment that makes a process see another time; undefined: there is no way. */
  readonly clock: ((hours: number) => Readonly<Record<string, string>>) | undefined
  /** Whether there is a machine without room on its disk, and whether Helm can pull. */
  readonly hasFullDisk: boolean
  readonly canPull: boolean
  /** What of the faults cannot be had here, and why. */
  readonly skipped: readonly string[]
  readonly archive: (version: ChartVersion, content: string) => string
  /** The content with this digest. */
  readonly contentOf: (digest: string | undefined) => string
  /** Environment of a command on this machine, through this `HOST:PORT`. */
  environment(machine: number, host: string): Readonly<Record<string, string>>
  /** The folder of Helm's caches of a machine. */
  cache(machine: number): string
  /** Gives all machines fresh homes that know the repository as `shared`. */
  layOut(url: string, index: Uint8Array): Promise<void>
  close(): Promise<void>
}

const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1'

/** @throws Error when a part is missing */
export async function openStage(options: StageOptions): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'helm-s3-chaos-'))
  const undo: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true })]
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    const subject = await openSubject(options.subject, options.form, folder)
    const own = (await openSubject('ours', options.form === 'executable' ? 'executable' : 'bundle', folder)).commands
    const store = await openStore(options)
    undo.push(() => store.server?.stop())
    const processes = new Processes()
    undo.push(() => processes.endAll())
    const bucket = `chaos-${String(Date.now())}`
    await createBucket(store, bucket)
    const objects = await createS3Store(localConfig(store), bucket)
    const contents = await makeCharts(folder)
    const noRoom = mountFull(join(folder, 'full'))
    if (noRoom.unmount !== undefined) undo.push(noRoom.unmount)
    const plugins = installPlugins(folder)
    const clock = existsSync(FAKETIME) ? fakeClock : undefined
    const cache = (machine: number): string =>
      machine === MACHINES && noRoom.problem === undefined
        ? join(folder, 'full')
        : join(folder, `machine-${String(machine % MACHINES)}`, 'cache')
    return {
      folder,
      store,
      bucket,
      objects,
      processes,
      subject,
      own: (options.form === 'executable' ? own.executable : own.bundle) ?? [],
      deletesAlways: await deletesAlways(objects),
      clock,
      hasFullDisk: noRoom.problem === undefined,
      canPull: plugins === undefined,
      skipped: [
        ...(noRoom.problem === undefined ? [] : [`full disks: ${noRoom.problem}`]),
        ...(clock === undefined ? [`wrong clocks: there is no ${FAKETIME} (Debian: libfaketime)`] : []),
        ...(store.mayDie ? [] : ['outages of the store: it is not ours to kill, or loses its objects']),
        ...(plugins === undefined ? [] : [`helm pull: ${plugins}`]),
      ],
      archive: ({ name, version }, content) => join(folder, 'charts', content, `${name}-${version}.tgz`),
      contentOf: (digest) => contents.get(digest ?? '') ?? `?${(digest ?? 'none').slice(0, 12)}`,
      environment: (machine, host) => environment(folder, store, machine % MACHINES, cache(machine), host),
      cache,
      layOut: (url, index) => layOut(folder, cache, url, index),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function openStore({ endpoint, store = 'minio' }: StageOptions): Promise<ChaosStore> {
  if (endpoint === undefined) {
    const known = STORES.find(({ name }) => name === store)
    if (known === undefined) throw new Error(`there is no store ${store}`)
    await known.install()
    const server = await known.start()
    const { accessKeyId, name, secretAccessKey } = server
    return { name, endpoint: server.endpoint, accessKeyId, secretAccessKey, server, mayDie: known.keepsObjects }
  }
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = process.env
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw new Error('--endpoint needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment')
  return { name: endpoint, endpoint, accessKeyId, secretAccessKey, server: undefined, mayDie: false }
}

/** Whether a DELETE whose condition does not hold is carried out. */
async function deletesAlways(objects: ObjectStore): Promise<boolean> {
  const key = asKey('deletes-always')
  await objects.put(key, Buffer.from('x'), { when: 'always' })
  await objects.delete(key, { match: asETag('"0123456789abcdef0123456789abcdef"') })
  return (await objects.head(key)) === undefined
}

/** Every version with every content. @returns digest -> content */
async function makeCharts(folder: string): Promise<ReadonlyMap<string, string>> {
  const contents = new Map<string, string>()
  for (const content of CONTENTS) {
    for (const { name, version } of VERSIONS) {
      const path = join(folder, 'charts', content, `${name}-${version}.tgz`)
      await makeChart(path, name, version, `content ${content}`)
      contents.set(sha256(await readFile(path)), content)
    }
  }
  return contents
}

/** A small file system without room. */
function mountFull(folder: string): { readonly problem?: string; readonly unmount?: () => void } {
  if (process.getuid?.() !== 0) return { problem: 'only root can mount a small file system' }
  const run = (program: string, ...args: string[]): string | undefined => {
    const { error, status, stderr } = spawnSync(program, args, { encoding: 'utf8' })
    return status === 0 ? undefined : (error?.message ?? stderr.trim())
  }
  const problem = run('mkdir', '-p', folder) ?? run('mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder)
  return problem === undefined ? { unmount: () => void run('umount', folder) } : { problem }
}

/** Installs the plugin for `helm pull`. @returns why that cannot be had; undefined: it can */
function installPlugins(folder: string): string | undefined {
  for (const helm of [3, 4]) {
    let program: string
    try {
      program = part(`helm${String(helm)}/helm`)
    } catch (error) {
      return (error as Error).message
    }
    const env = { ...process.env, HELM_DATA_HOME: join(folder, `data-${String(helm)}`), HOME: folder }
    const { status, stderr } = spawnSync(program, ['plugin', 'install', ROOT], { env, encoding: 'utf8' })
    if (status !== 0) return stderr.trim()
  }
  return undefined
}

function fakeClock(hours: number): Readonly<Record<string, string>> {
  return {
    LD_PRELOAD: FAKETIME,
    FAKETIME: `${hours < 0 ? '' : '+'}${String(hours)}h`,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  }
}

function environment(
  folder: string,
  { accessKeyId, secretAccessKey }: ChaosStore,
  machine: number,
  cache: string,
  host: string,
): Readonly<Record<string, string>> {
  const home = join(folder, `machine-${String(machine)}`)
  return {
    PATH: process.env.PATH ?? '',
    HOME: home,
    HELM_CONFIG_HOME: join(home, 'config'),
    HELM_CACHE_HOME: cache,
    HELM_DATA_HOME: join(home, 'data'),
    // The Go plugin looks for no other names.
    HELM_REPOSITORY_CONFIG: join(home, 'config/repositories.yaml'),
    HELM_REPOSITORY_CACHE: join(cache, 'repository'),
    HELM_S3_MODE: '3',
    HELM_S3_DYNAMIC_REGION_ENABLED: 'false',
    AWS_ENDPOINT: host,
    AWS_DISABLE_SSL: 'true',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
  }
}

async function layOut(
  folder: string,
  cache: (machine: number) => string,
  url: string,
  index: Uint8Array,
): Promise<void> {
  for (let machine = 0; machine <= MACHINES; machine++) {
    const repository = join(cache(machine), 'repository')
    await rm(repository, { recursive: true, force: true })
    await rm(join(cache(machine), 'filler'), { force: true })
    await mkdir(repository, { recursive: true })
    if (cache(machine) === join(folder, 'full')) await fill(join(folder, 'full', 'filler'))
    else await writeFile(join(repository, 'shared-index.yaml'), index)
    const config = join(folder, `machine-${String(machine % MACHINES)}`, 'config')
    await mkdir(config, { recursive: true })
    const text = `apiVersion: ""\nrepositories:\n- name: shared\n  url: ${url}\n`
    await writeFile(join(config, 'repositories.yaml'), text)
  }
}

/** Takes all the room that is left. */
async function fill(path: string): Promise<void> {
  for (const size of [64, 16, 4]) {
    for (let i = 0; i < 4; i++) await writeFile(path, Buffer.alloc(size * 1024), { flag: 'a' }).catch(() => undefined)
  }
}
