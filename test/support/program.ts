import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { asKey } from '../../lib/core/keys.ts'
import { HelmS3Error } from '../../lib/errors.ts'
import { main } from '../../lib/cli/main.ts'
import type { StoreOptions } from '../../lib/cli/open-context.ts'
import type { Sink } from '../../lib/ui/output.ts'
import { PAGING } from '../../lib/protocol/session/limits.ts'
import type { PagingLimits } from '../../lib/protocol/session/session.ts'
import { MemoryStore } from '../../lib/store/memory-store.ts'
import type { ObjectStore, StoredObject } from '../../lib/store/object-store.ts'
import { type Clock, systemClock } from '../../lib/sys/clock.ts'
import { systemRandom } from '../../lib/sys/random.ts'
import { alteredStore } from '../../lib/store/altered-store.ts'
import { chartArchive } from './chart-archive.ts'
import { useTempFolder } from './temp-folder.ts'

/** Parts so small that a probe of the store does not move many MiB. */
export const SMALL_PARTS: PagingLimits = { ...PAGING, parts: { ...PAGING.parts, least: 64 * 1024 } }

export interface Result {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
  /** What stdout got, byte for byte. */
  readonly bytes: Buffer
}

/** Pauses are short; limits of time stay. */
const hastyClock: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(ms < 60_000 ? Math.min(ms, 5) : ms, signal),
}

/**
 * The whole program in this process, over a bucket `acme` in memory and Helm's files in a fresh folder for each test.
 */
export class TestProgram {
  readonly path: (...parts: string[]) => string
  /** How the stores were opened. */
  readonly opened: StoreOptions[] = []
  env: Record<string, string> = {}
  isTerminal = false
  /** What stands in standard input; undefined: it is a terminal. */
  stdin: Uint8Array | undefined
  /** What the clock does otherwise. */
  clock: Partial<Clock> = {}
  /** How large pages and parts are. */
  paging: PagingLimits = SMALL_PARTS
  /** Aborted when the process is asked to end. */
  interrupted: AbortSignal | undefined
  #ahead = 0
  #bucket = this.#newBucket()
  #faults: Partial<ObjectStore> = {}

  constructor(path: (...parts: string[]) => string) {
    this.path = path
  }

  reset(): void {
    this.env = {
      HELM_REPOSITORY_CONFIG: this.path('repositories.yaml'),
      HELM_REPOSITORY_CACHE: this.path('cache'),
      USER: 'tester',
    }
    this.#ahead = 0
    this.paging = SMALL_PARTS
    this.#bucket = this.#newBucket()
    this.#faults = {}
    this.isTerminal = false
    this.stdin = undefined
    this.clock = {}
    this.interrupted = undefined
    this.opened.length = 0
    mkdirSync(this.path('cache'))
  }

  get bucket(): MemoryStore {
    return this.#bucket
  }

  /** Lets time pass, here and in the store: milliseconds. */
  pass(milliseconds: number): void {
    this.#ahead += milliseconds
  }

  /** The bucket begins again, empty, and keeps what is overwritten or deleted. */
  keepVersions(): void {
    this.#bucket = this.#newBucket(true)
  }

  /** The bucket begins again, empty, with parts as large as those of S3, here and there. */
  useFullParts(): void {
    this.paging = PAGING
    this.#bucket = this.#newBucket()
  }

  /** From now on these methods of the store are others. */
  fail(faults: Partial<ObjectStore>): void {
    this.#faults = faults
  }

  async run(...argv: readonly string[]): Promise<Result> {
    const streams = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
    const sink = (chunks: Buffer[]): Sink => ({
      isTerminal: this.isTerminal,
      write: async (chunk) => void chunks.push(Buffer.from(chunk)),
    })
    const stdin = { isTerminal: this.stdin === undefined, chunks: () => Readable.from(halves(this.stdin)) }
    const interrupted = this.interrupted === undefined ? {} : { interrupted: this.interrupted }
    const status = await main(
      argv,
      this.env,
      { stdin, stdout: sink(streams.stdout), stderr: sink(streams.stderr), ...interrupted },
      {
        clock: { ...hastyClock, now: () => this.#now(), ...this.clock },
        random: systemRandom,
        host: 'test-host',
        paging: this.paging,
        createStore: async (options) => {
          this.opened.push(options)
          const { bucket } = options
          return bucket === 'acme' ? this.#store() : missingBucket(bucket)
        },
      },
    )
    const bytes = Buffer.concat(streams.stdout)
    return { status, stdout: bytes.toString(), stderr: Buffer.concat(streams.stderr).toString(), bytes }
  }

  /** Runs a command that must succeed and say nothing on stderr; returns stdout. */
  async ok(...argv: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.run(...argv)
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' }, argv.join(' '))
    return stdout
  }

  /** Runs a command that must fail with nothing on stdout; returns stderr. */
  async fails(...argv: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.run(...argv)
    assert.deepEqual({ status, stdout }, { status: 1, stdout: '' }, argv.join(' '))
    return stderr
  }

  /** What `helm repo add` leaves behind. */
  addRepository(name: string, url: string, index = 'apiVersion: v1\nentries: {}\n'): void {
    writeFileSync(this.path('repositories.yaml'), `apiVersion: ""\nrepositories:\n- name: ${name}\n  url: ${url}\n`)
    writeFileSync(this.path('cache', `${name}-index.yaml`), index)
  }

  /** Writes a chart archive and returns its path. */
  async chart(name: string, version: string, files?: Readonly<Record<string, string>>): Promise<string> {
    const path = this.path(`${name}-${version}.tgz`)
    writeFileSync(path, await chartArchive(name, version, files))
    return path
  }

  async object(key: string): Promise<StoredObject | undefined> {
    return this.#bucket.get(asKey(key))
  }

  async text(key: string): Promise<string> {
    const object = await this.object(key)
    assert.ok(object, `${key} is there`)
    return Buffer.from(object.body).toString()
  }

  async keys(prefix = ''): Promise<string[]> {
    return (await this.#bucket.list(prefix)).objects.map(({ key }) => key)
  }

  #now(): number {
    return systemClock.now() + this.#ahead
  }

  #newBucket(versioned = false): MemoryStore {
    return new MemoryStore({ now: () => this.#now(), versioned, minPartSize: this.paging.parts.least })
  }

  #store(): ObjectStore {
    return alteredStore(this.#bucket, this.#faults)
  }
}

function halves(bytes: Uint8Array = new Uint8Array()): Uint8Array[] {
  const middle = Math.ceil(bytes.length / 2)
  return [bytes.subarray(0, middle), bytes.subarray(middle)]
}

function missingBucket(name: string): ObjectStore {
  const refuse = async (): Promise<never> => {
    throw new HelmS3Error('missing-bucket', `there is no bucket ${name}`)
  }
  return {
    list: refuse,
    get: refuse,
    getUnless: refuse,
    getTail: refuse,
    getRange: refuse,
    head: refuse,
    put: refuse,
    delete: refuse,
    stream: refuse,
    listVersions: refuse,
  }
}

/** A program with an empty bucket for each test of the enclosing `describe`. */
export function useProgram(): TestProgram {
  const program = new TestProgram(useTempFolder())
  beforeEach(() => {
    program.reset()
  })
  return program
}
