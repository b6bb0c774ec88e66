import type {
  CopyOutcome,
  DeleteOutcome,
  MultipartUploads,
  ObjectStore,
  PutOutcome,
} from '../../lib/store/object-store.ts'
import type { Client } from './client.ts'
import { answerText, completionText, putText, rangeText } from './describe.ts'
import type { Mix } from './mixes.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { VirtualTime } from './virtual-time.ts'

/** How hostile the network and the machines are. */
export type Weather = Pick<
  Mix,
  'latency' | 'stall' | 'guardedStall' | 'standingClocks' | 'nap' | 'readFaults' | 'writeFaults'
>

/** A request is given up by the client after this long without an answer. */
const GIVE_UP = 20_000
/** A request on its way may still arrive this long after it was sent. */
const LONGEST_FLIGHT = 25_000

/** The methods of requests that a proxy on the way may repeat. */
const REPEATED = ['put', 'begin', 'copy-part', 'send-part']
/** The methods of requests that are sent once. */
const WRITES = [...REPEATED, 'delete', 'abort']

export interface NetworkOptions {
  readonly time: VirtualTime
  readonly random: SeededRandom
  readonly weather: Weather
  /**
   * Whether the store refuses late requests. If not, a client is never suspended between the look at its clocks and the
   * request, and its clocks never stop: nothing could detect that, and the protocol does not claim to.
   */
  readonly refusesLate: boolean
  /** Called with what happens; undefined: nothing is traced. */
  readonly trace: ((line: string) => void) | undefined
}

interface Request<T> {
  readonly method: string
  readonly key: string
  readonly act: () => Promise<T>
  /** What is sent with it, for a trace. */
  readonly text: () => string
}

/** How a client's requests go: `mutate` gives `unanswered` when no answer comes. */
interface Ways {
  readonly read: <T>(method: string, key: string, act: () => Promise<T>) => Promise<T>
  readonly mutate: <T>(request: Request<T>, unanswered: T) => Promise<T>
}

const NO_ANSWER = { outcome: 'unknown', cause: 'no answer' } as const

/**
 * The way from one client to the store: requests act at one instant, some time after they were sent; answers come
 * later, or never. Reads are repeated, as the adapter does; a mutation whose answer is lost is `unknown`. A PUT may
 * arrive a second time, as when a proxy on the way repeats it. Clients may be suspended before they send and after
 * they got an answer.
 */
export class Network {
  readonly #options: NetworkOptions
  /** No more faults and hardly any latency. */
  quiet = false
  /** How many requests arrived a second time. */
  repeats = 0

  constructor(options: NetworkOptions) {
    this.#options = options
  }

  /** `store` as `client` reaches it. `isReader`: it will write nothing. */
  connect(store: ObjectStore, client: Client, { isReader }: { readonly isReader: boolean }): ObjectStore {
    const clocksMayStand = this.#options.refusesLate || isReader
    const read = <T>(method: string, key: string, act: () => Promise<T>): Promise<T> =>
      this.#read(client, { method, key, act, text: () => '' }, clocksMayStand)
    const mutate = <T>(request: Request<T>, unanswered: T): Promise<T> =>
      this.#mutate(client, request, unanswered, clocksMayStand)
    const { uploads } = store
    return {
      ...(store.place === undefined ? {} : { place: store.place }),
      ...(uploads === undefined ? {} : { uploads: this.#uploads(uploads, { read, mutate }) }),
      list: (prefix, options) => read('list', prefix, () => store.list(prefix, options)),
      get: (key, options) => read('get', key, () => store.get(key, options)),
      getUnless: (key, etag) => read('get', key, () => store.getUnless(key, etag)),
      getTail: (key, last, unless) => read('tail', key, () => store.getTail(key, last, unless)),
      getRange: (key, range, match) => read(`range ${rangeText(range)}`, key, () => store.getRange(key, range, match)),
      head: (key) => read('head', key, () => store.head(key)),
      listVersions: (key) => read('list-versions', key, () => store.listVersions(key)),
      put: (key, body, options) =>
        mutate<PutOutcome>(
          {
            method: 'put',
            key,
            act: () => store.put(key, body, options),
            text: () => putText(key, body, options),
          },
          NO_ANSWER,
        ),
      delete: (key, options) =>
        mutate<DeleteOutcome>(
          {
            method: 'delete',
            key,
            act: () => store.delete(key, options),
            text: () => options?.match ?? '',
          },
          NO_ANSWER,
        ),
      stream: (key) => store.stream(key),
    }
  }

  /** The uploads of a store as a client reaches them: each of their requests is one by itself. */
  #uploads(uploads: MultipartUploads, { mutate, read }: Ways): MultipartUploads {
    return {
      begin: (key, options) =>
        mutate({ method: 'begin', key, act: () => uploads.begin(key, options), text: () => '' }, 'unsupported'),
      copyPart: (upload, number, source) =>
        mutate(
          {
            method: 'copy-part',
            key: upload.key,
            act: () => uploads.copyPart(upload, number, source),
            text: () => `${String(number)} of ${source.etag} ${rangeText(source.range)}`,
          },
          'unsupported',
        ),
      sendPart: (upload, number, body) =>
        mutate(
          {
            method: 'send-part',
            key: upload.key,
            act: () => uploads.sendPart(upload, number, body),
            text: () => `${String(number)}, ${String(body.length)} bytes`,
          },
          'unsupported',
        ),
      // As dangerous as a PUT, and guarded like one.
      complete: (upload, parts, options) =>
        mutate<CopyOutcome>(
          {
            method: 'put',
            key: upload.key,
            act: () => uploads.complete(upload, parts, options),
            text: () => completionText(parts, options),
          },
          NO_ANSWER,
        ),
      abort: (upload) =>
        mutate<void>({ method: 'abort', key: upload.key, act: () => uploads.abort(upload), text: () => '' }, undefined),
      list: (prefix) => read('uploads', prefix, () => uploads.list(prefix)),
    }
  }

  #read<T>(client: Client, request: Request<T>, clocksMayStand: boolean): Promise<T> {
    const chance = this.#options.weather.stall / 2
    return new Promise((resolve) => {
      const answer = (value: T): void => this.#orStandStill(client, { chance, clocksMayStand }, () => resolve(value))
      const send = (): void => this.#send(client, request, answer, send)
      client.after(0, () => this.#orStandStill(client, { chance, clocksMayStand }, send))
    })
  }

  #mutate<T>(client: Client, request: Request<T>, unanswered: T, clocksMayStand: boolean): Promise<T> {
    const { refusesLate, weather } = this.#options
    // The program looks at its clocks before it sends one of these.
    const isGuarded = request.method === 'put' || request.key.endsWith('.tgz') || request.key.endsWith('.prov')
    const chance = !isGuarded ? weather.stall / 2 : refusesLate ? weather.guardedStall : 0
    return new Promise((resolve) => {
      const noAnswer = (): void => resolve(unanswered)
      const send = (): void => this.#send(client, request, resolve, noAnswer)
      client.after(0, () => this.#orStandStill(client, { chance, clocksMayStand }, send))
    })
  }

  /** One try. `noAnswer` is called once the client has given up. */
  #send<T>(client: Client, request: Request<T>, answer: (value: T) => void, noAnswer: () => void): void {
    const { random, time } = this.#options
    if (!this.quiet && client.crashAfter !== undefined && client.crashAfter-- <= 0) {
      this.#tell(() => `${client.name} DIES before ${request.method} ${request.key} ${request.text()}`)
      client.crash()
      if (random.chance(0.5)) time.after(this.#latency(), () => void this.#act(client, request))
      return
    }
    const { there, back, dropped, lost, repeated } = this.#fate(request.method)
    const arrives = !dropped
    const answers = arrives && !lost && there + back <= GIVE_UP
    this.#tell(
      () => `${client.name} > ${request.method} ${request.key} ${request.text()}${arrives ? '' : ' (gets lost)'}`,
    )
    if (arrives) {
      time.after(there, () => {
        void this.#act(client, request).then((value) => {
          if (answers) client.after(back, () => answer(value))
        })
      })
      if (repeated) {
        this.repeats++
        time.after(there + random.below(LONGEST_FLIGHT), () => void this.#act(client, request))
      }
    }
    if (answers) return
    client.timer(GIVE_UP, () => {
      this.#tell(() => `${client.name} gives up ${request.method} ${request.key}`)
      noAnswer()
    })
  }

  async #act<T>(client: Client, request: Request<T>): Promise<T> {
    const value = await request.act()
    this.#tell(() => `${client.name} ${request.method} ${request.key} -> ${answerText(request.key, value)}`)
    return value
  }

  #orStandStill(
    client: Client,
    { chance, clocksMayStand }: { readonly chance: number; readonly clocksMayStand: boolean },
    run: () => void,
  ): void {
    const { random, weather } = this.#options
    if (this.quiet || !random.chance(chance)) return run()
    const ms = random.below(weather.nap * (random.chance(0.1) ? 8 : 1))
    const clocksStand = random.chance(weather.standingClocks) && clocksMayStand
    client.standStill(ms, { clocksStand })
    this.#tell(
      () => `${client.name} stands still for ${(ms / 1000).toFixed(1)} s${clocksStand ? ', and its clocks' : ''}`,
    )
    client.after(0, run)
  }

  #latency(): number {
    return this.quiet ? 1 : this.#options.random.exponential(this.#options.weather.latency)
  }

  #fate(method: string): { there: number; back: number; dropped: boolean; lost: boolean; repeated: boolean } {
    const { random, weather } = this.#options
    const fate = {
      there: Math.min(this.#latency(), LONGEST_FLIGHT),
      back: this.#latency(),
      dropped: false,
      lost: false,
      repeated: false,
    }
    const faults = WRITES.includes(method) ? weather.writeFaults : weather.readFaults
    if (this.quiet || faults === 0) return fate
    const chance = random.fraction() / faults
    if (chance < 0.012) fate.there = random.below(LONGEST_FLIGHT)
    else if (chance < 0.02) fate.back = random.below(LONGEST_FLIGHT)
    else if (chance < 0.035) fate.lost = true
    else if (chance < 0.045) fate.dropped = true
    else if (chance < 0.05) fate.repeated = REPEATED.includes(method)
    return fate
  }

  #tell(line: () => string): void {
    this.#options.trace?.(line())
  }
}
