import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { deltaTime, makeDeltaId, parseDeltaId } from '../../../lib/core/log/delta-id.ts'
import { type IndexText, readIndexText } from '../../../lib/core/index/index-text.ts'
import { asKey } from '../../../lib/core/keys.ts'
import { main } from '../../../lib/cli/main.ts'
import type { Sink } from '../../../lib/ui/output.ts'
import type { ObjectStore } from '../../../lib/store/object-store.ts'
import { createS3Store } from '../../../lib/store/s3/store.ts'
import { type Clock, systemClock } from '../../../lib/sys/clock.ts'
import { systemRandom } from '../../../lib/sys/random.ts'
import { sha256 } from '../../../lib/sys/sha256.ts'
import { type FaultyProxy, type Hold, startFaultyProxy } from '../../support/faulty-proxy.ts'
import { makeChart } from './made-charts.ts'
import type { Result, Running } from './run.ts'
import { type RunningStore, type StoreName, pause, startStore } from './servers.ts'
import { ROOT, Workplace } from './workplace.ts'

/** A course of events in which requests, clocks or processes are held until something has happened. */
export interface Schedule {
  readonly title: string
  /** The only store on which it can be played; undefined: both. */
  readonly only?: StoreName
  readonly play: (scene: Scene) => Promise<void>
}

/** A chart archive on this machine. */
export interface MadeChart {
  readonly name: string
  readonly version: string
  /** SHA-256 of the archive. */
  readonly digest: string
  /** The path of the file, whose name does not tell which chart it holds. */
  readonly path: string
}

/** The shortest grace window of a compaction, which a schedule has to wait out. */
const WINDOW = 60_000

/** `Date` and `Last-Modified` are in whole seconds, and ids are up to one second ahead. */
const RESOLUTION = 2000

const INDEX = asKey('charts/index.yaml')

/**
 * Plays all schedules at once, each in a bucket of its own, so that all together take as long as the longest; each test
 * waits for its own.
 */
export function describeSchedules(what: string, schedules: readonly Schedule[]): void {
  for (const storeName of ['minio', 'versitygw'] as const) {
    describe(`${what} on ${storeName}`, () => {
      const ends = new Map<Schedule, Promise<void>>()
      let store: RunningStore | undefined
      const shown = schedules.filter(({ only = storeName }) => only === storeName)
      before(async () => {
        store = await startStore(storeName)
        for (const schedule of shown) {
          const end = playIn(store, schedule)
          end.catch(() => undefined)
          ends.set(schedule, end)
        }
      })
      after(async () => {
        await Promise.allSettled(ends.values())
        await store?.stop()
      })
      for (const schedule of shown) it(schedule.title, () => ends.get(schedule))
    })
  }
}

async function playIn(store: RunningStore, { play }: Schedule): Promise<void> {
  const scene = await Scene.open(store)
  try {
    await play(scene)
  } finally {
    await scene.close()
  }
}

/** One bucket with an empty repository, and a proxy in front of the store that can hold requests and answers. */
export class Scene {
  readonly at: Workplace
  readonly url: string
  readonly store: RunningStore
  readonly #proxy: FaultyProxy
  readonly #started: Running[] = []
  #charts = 0

  private constructor(at: Workplace, store: RunningStore, proxy: FaultyProxy) {
    this.at = at
    this.store = store
    this.url = at.url
    this.#proxy = proxy
  }

  static async open(store: RunningStore): Promise<Scene> {
    const at = await Workplace.open(store)
    await at.programOk(`init ${at.url}`)
    return new Scene(at, store, await startFaultyProxy(store.endpoint))
  }

  async close(): Promise<void> {
    for (const { child } of this.#started) child.kill('SIGKILL')
    await Promise.allSettled(this.#started.map(({ result }) => result))
    await this.#proxy.close()
    await this.at.close()
  }

  /** `note` makes the bytes differ. */
  async chart(name: string, version = '1.0.0', note = ''): Promise<MadeChart> {
    const path = this.at.path(`made-${String(this.#charts++)}.tgz`)
    await makeChart(path, name, version, note)
    return { name, version, digest: sha256(await readFile(path)), path }
  }

  charts(names: readonly string[]): Promise<readonly MadeChart[]> {
    return Promise.all(names.map((name) => this.chart(name)))
  }

  async push(...charts: readonly MadeChart[]): Promise<void> {
    await this.at.programOk(pushLine(this, ...charts))
  }

  async delete({ name, version }: MadeChart): Promise<void> {
    await this.at.programOk(`delete ${name} ${this.url} --version ${version}`)
  }

  /** Starts the program behind the proxy, which holds what {@link hold} says. */
  start(line: string): Running {
    const running = this.at.startProgram(line, { AWS_ENDPOINT: this.#proxy.endpoint.replace('http://', '') })
    this.#started.push(running)
    return running
  }

  /** What the program sends when it is started behind the proxy: `METHOD key`. */
  async requestsOf(line: string): Promise<{ readonly result: Result; readonly requests: readonly string[] }> {
    const before = this.#proxy.requests.length
    const result = await this.start(line).result
    return { result, requests: this.#proxy.requests.slice(before).map(withoutBucket) }
  }

  /** Holds matching requests (`METHOD key`) of all programs behind the proxy. */
  hold(request: RegExp): Hold {
    return this.#proxy.hold((line) => request.test(withoutBucket(line)), 'request')
  }

  /** Lets the store act on matching requests, and holds the answers. */
  holdAnswer(request: RegExp): Hold {
    return this.#proxy.hold((line) => request.test(withoutBucket(line)), 'answer')
  }

  /** As {@link hold}, from the n-th different request on: those before it pass. */
  holdFromThe(n: number, request: RegExp): Hold {
    const seen = new Set<string>()
    return this.#proxy.hold((line) => request.test(withoutBucket(line)) && seen.add(line).size >= n, 'request')
  }

  /** Downloads `index.yaml` as Helm does; that may fail. */
  download(env: Readonly<Record<string, string>> = {}): Promise<Result> {
    return this.at.program(`download    ${this.url}/index.yaml`, env)
  }

  /** The index that Helm gets. */
  async merged(): Promise<IndexText> {
    const { status, stderr, stdout } = await this.download()
    assert.equal(status, 0, `download of index.yaml: ${stderr}`)
    return readIndexText(Buffer.from(stdout))
  }

  /** `name version digest` of every entry that Helm gets. */
  async versions(): Promise<string[]> {
    const index = await this.merged()
    const entries = index.chartNames().flatMap((name) => index.versions(name))
    return entries.map(({ digest = '', name, version }) => `${name} ${version} ${digest}`).sort()
  }

  /** The names of the archives that the bucket holds. */
  async archives(): Promise<string[]> {
    return (await this.at.keys()).flatMap((key) => /^charts\/(.*\.tgz)$/.exec(key)?.[1] ?? []).sort()
  }

  async deltas(): Promise<string[]> {
    return (await this.at.keys()).flatMap((key) => /^charts\/index\.d\/(.*)\.yaml$/.exec(key)?.[1] ?? [])
  }

  /** Every chart is in the merged index, and its archive in the bucket, with its digest. */
  async stand(...charts: readonly MadeChart[]): Promise<void> {
    const index = await this.merged()
    const wanted = charts.map(({ digest, name, version }) => `${name} ${version} ${digest}`)
    const inIndex = (chart: MadeChart): string => index.find(chart)?.digest ?? 'is not in the index'
    const named = charts.map((chart) => `${chart.name} ${chart.version} ${inIndex(chart)}`)
    assert.deepEqual(named, wanted)
    const kept = charts.map(async ({ name, version }) => {
      const archive = await this.at.store.get(asKey(`charts/${name}-${version}.tgz`))
      return `${name} ${version} ${archive === undefined ? 'has no archive' : sha256(archive.body)}`
    })
    assert.deepEqual(await Promise.all(kept), wanted)
  }

  /** With exit 0 the chart is in the merged index; with any other status stderr says why. */
  async holdsToItsWord({ status, stderr }: Result, chart: MadeChart): Promise<void> {
    assert.notEqual(status, null, 'it was ended by a signal')
    if (status === 0) await this.stand(chart)
    else assert.notEqual(stderr, '')
  }

  /** `check --deep` finds nothing, or `--fix` repairs it all, and removes no version. */
  async endsWell(): Promise<void> {
    const before = await this.versions()
    const found = await this.at.program(`check ${this.url} --deep`)
    if (found.status !== 0) {
      const fixed = await this.at.program(`check ${this.url} --deep --fix`)
      assert.equal(fixed.status, 0, `${found.stdout}${found.stderr}\n--fix leaves:\n${fixed.stdout}${fixed.stderr}`)
    }
    assert.deepEqual(await this.versions(), before)
  }

  /** Both Helms add the repository and find these charts in it, without a message on stderr. */
  async loadsInHelm(...charts: readonly MadeChart[]): Promise<void> {
    await this.at.helmOk(3, `plugin install ${ROOT.replace(/\/$/, '')}`)
    for (const helm of [3, 4] as const) {
      await this.at.helmOk(helm, `repo add acme ${this.url} --force-update`)
      await this.at.helmOk(helm, 'repo update')
      const listed = await this.at.helmOk(helm, 'search repo acme --versions -o json')
      const found = JSON.parse(listed) as { readonly name: string; readonly version: string }[]
      const wanted = charts.map(({ name, version }) => `acme/${name} ${version}`).sort()
      assert.deepEqual(found.map(({ name, version }) => `${name} ${version}`).sort(), wanted)
    }
  }

  /** Waits until the grace window of all that `index.yaml` has folded is over. */
  async untilCollectable(): Promise<void> {
    const { folded } = (await this.at.baseIndex()).bookkeeping
    const foldedAt = Math.max(...[...folded].map(([id, { at }]) => Math.max(at, deltaTime(id))))
    await pause(Math.min(foldedAt + WINDOW + RESOLUTION - Date.now(), WINDOW + 2 * RESOLUTION))
  }

  /** Folds all pending deltas, waits until their grace window is over, and collects them. */
  async collect(): Promise<void> {
    await this.at.programOk(`compact ${this.url}`)
    await this.untilCollectable()
    await this.at.programOk(`compact ${this.url} --grace-window 1m`)
    assert.deepEqual(await this.deltas(), [])
  }

  async indexText(): Promise<string> {
    const object = await this.at.store.get(INDEX)
    return Buffer.from(object?.body ?? []).toString()
  }

  async putIndexText(text: string): Promise<void> {
    await this.at.store.put(INDEX, Buffer.from(text), { when: 'always', contentType: 'application/json' })
  }

  /**
   * Writes into `index.yaml` by hand, as another client would, that a delta with an id so many milliseconds ahead was
   * folded some minutes ago, and collected.
   */
  async noteCollected(ahead: number, touched: readonly MadeChart[] | '*'): Promise<void> {
    const at = new Date(Date.now() - 3 * WINDOW).toISOString().replace(/\.\d+/, '')
    const pairs = touched === '*' ? touched : touched.map(({ name, version }) => [name, version])
    const noted = { [`helm-s3/folded/${idAhead(ahead)}`]: JSON.stringify({ at, touched: pairs, gone: at }) }
    const index = JSON.parse(await this.indexText()) as { annotations?: object }
    await this.putIndexText(JSON.stringify({ ...index, annotations: { ...index.annotations, ...noted } }))
  }
}

/** The id of a delta by a clock that is so many milliseconds ahead. */
export function idAhead(milliseconds: number): string {
  return makeDeltaId(Date.now() + milliseconds, randomBytes(10))
}

export function pushLine({ url }: Scene, ...charts: readonly MadeChart[]): string {
  return `push ${charts.map(({ path }) => path).join(' ')} ${url}`
}

/** Waits for the request, which the program must send before it ends. @returns `METHOD path` */
export async function heldFrom(hold: Hold, { result }: Running): Promise<string> {
  const ended = result.then(({ status, stderr, stdout }) => {
    throw new Error(`it ended with ${String(status)} and sent no such request: ${stdout}${stderr}`)
  })
  return Promise.race([hold.arrived, ended])
}

/** Kills the program, as when its CI runner is stopped. What it has sent may still arrive. */
export async function kill({ child, result }: Running): Promise<void> {
  child.kill('SIGKILL')
  await result
}

/** Waits until an id that is minted now is above this one, although `Date` has only whole seconds. */
export async function untilAbove(text: string): Promise<void> {
  const id = parseDeltaId(/[0-9A-Z]{26}/.exec(text)?.[0] ?? '')
  assert.ok(id !== undefined, `no id of a delta in ${text}`)
  await pause(Math.min(deltaTime(id) + 1 - Date.now(), RESOLUTION))
}

/** `METHOD key` of `METHOD /bucket/key?query`. */
function withoutBucket(line: string): string {
  const [method = '', path = ''] = line.split(' ')
  return `${method} ${decodeURIComponent(path.split('?')[0] ?? '').replace(/^\/[^/]*\//, '')}`
}

/** What happens before or after a request of a {@link ClockedProgram}; `args`: the arguments of the request. */
type Act = (args: readonly unknown[]) => Promise<void> | void

/**
 * The whole program in this process, on the real store, with clocks that can stand still (as those of a machine that is
 * suspended) or step. Things happen before or after its requests, which are named `method key`, in lower case.
 */
export class ClockedProgram {
  readonly #scene: Scene
  readonly #acts: { readonly when: 'before' | 'after'; readonly request: RegExp; readonly act: Act }[] = []
  /** Milliseconds by which both clocks are behind, because they were stopped. */
  #lost = 0
  /** `performance.now()` when they stopped. */
  #stoppedAt: number | undefined
  #stepped = 0
  #failure: Error | undefined

  constructor(scene: Scene) {
    this.#scene = scene
  }

  /** Does this before the first such request; the program waits for it. */
  before(request: RegExp, act: Act): void {
    this.#acts.push({ when: 'before', request, act })
  }

  /** Does this when the first such request has been answered. */
  after(request: RegExp, act: Act): void {
    this.#acts.push({ when: 'after', request, act })
  }

  /** Stops both clocks while `meanwhile` runs, for at least so many milliseconds. */
  async standStill(milliseconds: number, meanwhile: () => Promise<void>): Promise<void> {
    this.#stoppedAt = performance.now()
    await Promise.all([pause(milliseconds), meanwhile()])
    this.#lost += performance.now() - this.#stoppedAt
    this.#stoppedAt = undefined
  }

  /** Sets the wall clock of this machine forward or back. */
  step(milliseconds: number): void {
    this.#stepped += milliseconds
  }

  async run(line: string, env: Readonly<Record<string, string>> = {}): Promise<Result> {
    const streams = { stdout: '', stderr: '' }
    const sink = (name: 'stdout' | 'stderr'): Sink => ({
      isTerminal: false,
      write: async (chunk) => void (streams[name] += Buffer.from(chunk).toString()),
    })
    const stdin = { isTerminal: true, chunks: () => nothing() }
    const io = { stdin, stdout: sink('stdout'), stderr: sink('stderr') }
    const status = await main(line.split(' '), { ...this.#scene.at.env, ...env }, io, {
      clock: this.#clock(),
      random: systemRandom,
      host: 'test-host',
      createStore: async ({ bucket, connection, ...options }) =>
        this.#watched(await createS3Store(connection, bucket, options)),
    })
    if (this.#failure !== undefined) throw this.#failure
    const missed = this.#acts.map(({ request, when }) => `${when} ${String(request)}`)
    assert.deepEqual(missed, [], `it ended with ${String(status)}: ${streams.stderr}`)
    return { status, ...streams }
  }

  #clock(): Clock {
    const behind = (): number => this.#lost + (this.#stoppedAt === undefined ? 0 : performance.now() - this.#stoppedAt)
    return {
      ...systemClock,
      now: () => Date.now() - behind() + this.#stepped,
      monotonic: () => performance.now() - behind(),
    }
  }

  /** The store, with something that happens before or after its requests. */
  #watched(store: ObjectStore): ObjectStore {
    return new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        return async (...args: readonly unknown[]): Promise<unknown> => {
          const request = `${String(name)} ${String(args[0])}`
          await this.#actOn('before', request, args)
          const answer: unknown = await (Reflect.apply(member, target, args) as Promise<unknown>)
          await this.#actOn('after', request, args)
          return answer
        }
      },
    })
  }

  async #actOn(when: 'before' | 'after', request: string, args: readonly unknown[]): Promise<void> {
    const i = this.#acts.findIndex((each) => each.when === when && each.request.test(request))
    const [found] = i < 0 ? [] : this.#acts.splice(i, 1)
    try {
      await found?.act(args)
    } catch (error) {
      // The program would take this error for an answer of the store.
      this.#failure ??= error as Error
      throw error
    }
  }
}

/** The id in the metadata of an archive that is put: see {@link ClockedProgram.before}. */
export function deltaOfPut([, , options]: readonly unknown[]): string {
  return (options as { metadata: Record<string, string> }).metadata['delta'] ?? ''
}

async function* nothing(): AsyncIterable<Uint8Array> {
  // Nothing is read from standard input.
}
