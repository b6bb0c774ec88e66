import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { IndexForm } from '../lib/core/index/index-text.ts'
import { type MadeChart, makeChart } from './archives.ts'
import { Bucket } from './bucket.ts'
import { startCountingProxy } from './counting-proxy.ts'
import { chartName, indexBytes } from './data.ts'
import { moveAway } from './distance.ts'
import { type Call, measure } from './measure.ts'
import type { BenchOptions } from './options.ts'
import { type Program, installForms } from './programs.ts'
import { type RawRequests, buildRawRequests } from './raw-requests.ts'
import { HelmHome } from './helm-home.ts'
import { type DistantStore, type Distance, type Relay, startRelay } from './relay.ts'
import { Repository } from './repository.ts'
import type { Sample, Traffic } from './result.ts'
import type { Sizes } from './sizes.ts'
import { type BenchStore, openBenchStore } from './stores.ts'

export interface Run {
  /** Undefined: a fresh one. */
  readonly home?: HelmHome
  /** Undefined: the store itself. */
  readonly endpoint?: string
  /** Where stdout goes. */
  readonly stdout?: string
}

/**
 * Everything that the lines need: a store with a bucket, the programs, a scratch folder. All of it is gone after
 * `close`.
 */
export class Workbench {
  readonly sizes: Sizes
  readonly folder: string
  readonly store: BenchStore
  readonly bucket: Bucket
  /** The forms of this program that are built. */
  readonly ours: readonly Program[]
  readonly peer: Program | undefined
  /** An earlier build of this program. */
  readonly before: Program | undefined
  readonly helm: string | undefined
  readonly raw: RawRequests
  /** The one version of every index whose archive can be put into the bucket: the oldest of the first chart. */
  readonly sample: MadeChart
  readonly #toxiproxy: string | undefined
  readonly #indexes = new Map<string, Promise<string>>()
  readonly #commands = new Map<string, Promise<boolean>>()
  #repositories = 0

  private constructor(options: BenchOptions, parts: Parts) {
    this.sizes = options.sizes
    this.helm = options.helm
    this.peer = options.peer === undefined ? undefined : { name: 'peer', path: options.peer }
    this.before = options.before === undefined ? undefined : { name: 'before', path: options.before }
    this.#toxiproxy = options.toxiproxy
    this.folder = parts.folder
    this.store = parts.store
    this.bucket = parts.bucket
    this.ours = parts.ours
    this.raw = parts.raw
    this.sample = parts.sample
  }

  static async open(options: BenchOptions): Promise<Workbench> {
    const folder = await mkdtemp(join(tmpdir(), 'helm-s3-bench-'))
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
    let store: BenchStore | undefined
    try {
      const ours = await installForms(join(folder, 'forms'))
      const raw = await buildRawRequests(folder)
      const sample = await makeChart(join(folder, 'charts'), chartName(0), '1.0.0')
      store = await openBenchStore(options, folder)
      const bucket = await Bucket.create(store, `helm-s3-bench-${randomBytes(4).toString('hex')}`)
      return new Workbench(options, { folder, store, bucket, ours, raw, sample })
    } catch (error) {
      await store?.close()
      await rm(folder, { recursive: true, force: true })
      throw error
    }
  }

  async close(): Promise<void> {
    try {
      await this.bucket.close()
    } finally {
      await this.store.close()
      await rm(this.folder, { recursive: true, force: true })
    }
  }

  /** The forms of this program, and the earlier build. */
  get builds(): readonly Program[] {
    return this.before === undefined ? this.ours : [...this.ours, this.before]
  }

  /** The forms of this program, and the Go plugin. */
  get programs(): readonly Program[] {
    return this.peer === undefined ? this.ours : [...this.ours, this.peer]
  }

  path(...parts: readonly string[]): string {
    return join(this.folder, ...parts)
  }

  /** The key of an index with so many versions; put into the bucket the first time. */
  index(versions: number, form: IndexForm): Promise<string> {
    const key = `pristine/${String(versions)}.${form}`
    const known = this.#indexes.get(key)
    if (known !== undefined) return known
    const { digest, name, version } = this.sample
    const put = this.bucket
      .put(key, indexBytes(versions, form, new Map([[`${name}-${version}`, digest]])))
      .then(() => key)
    this.#indexes.set(key, put)
    return put
  }

  /** A place for a repository, empty. */
  repository(): Repository {
    return new Repository(this.bucket, `repositories/${String(this.#repositories++)}/`)
  }

  /** A fresh Helm home that knows the repository as `bench`. */
  async home(repository: Repository): Promise<HelmHome> {
    const folder = await mkdtemp(join(this.folder, 'home-'))
    const home = new HelmHome(folder)
    await mkdir(home.cacheFolder, { recursive: true })
    await writeFile(home.repositoriesFile, `apiVersion: ""\nrepositories:\n- name: bench\n  url: ${repository.url}\n`)
    return home
  }

  /** How a program is called on a repository. */
  async call(
    program: string,
    args: readonly string[],
    repository: Repository,
    { endpoint, home, stdout }: Run = {},
  ): Promise<Call> {
    const env = (home ?? (await this.home(repository))).environment(this.store, endpoint ?? this.store.endpoint)
    return { program, args, env, cwd: this.folder, ...(stdout === undefined ? {} : { stdout }) }
  }

  /** Runs a program and measures it. @throws when it fails */
  async run(program: string, args: readonly string[], repository: Repository, run?: Run): Promise<Sample> {
    return measure(await this.call(program, args, repository, run), this.folder)
  }

  /** Runs a program through a proxy that counts. */
  async count(program: string, args: readonly string[], repository: Repository, run?: Run): Promise<Traffic> {
    const proxy = await startCountingProxy(this.store.endpoint)
    try {
      await this.run(program, args, repository, { ...run, endpoint: proxy.endpoint })
      return { ...proxy.traffic }
    } finally {
      await proxy.close()
    }
  }

  /** The store, as it looks from far away, while `work` runs. */
  async atDistance<T>(distance: Distance, work: (endpoint: string) => Promise<T>): Promise<T> {
    const far: DistantStore = await moveAway(this.store.endpoint, distance, this.#toxiproxy)
    try {
      return await work(far.endpoint)
    } finally {
      await far.close()
    }
  }

  /**
   * The store through one relay as far away as the sizes say, while `work` runs. Never toxiproxy: it counts nothing.
   */
  async throughRelay<T>(work: (relay: Relay) => Promise<T>): Promise<T> {
    const relay = await startRelay(this.store.endpoint, this.sizes)
    try {
      return await work(relay)
    } finally {
      await relay.close()
    }
  }

  /** Whether a program has a command. */
  has(program: Program, command: string): Promise<boolean> {
    const call = [program.name, command].join(' ')
    const known = this.#commands.get(call) ?? this.#asks(program, command)
    this.#commands.set(call, known)
    return known
  }

  #asks(program: Program, command: string): Promise<boolean> {
    return this.run(program.path, [command, '--help'], this.repository()).then(
      () => true,
      () => false,
    )
  }
}

type Parts = Pick<Workbench, 'folder' | 'store' | 'bucket' | 'ours' | 'raw' | 'sample'>
