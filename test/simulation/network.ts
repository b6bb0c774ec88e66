import type { DeleteOutcome, ObjectStore, PutOutcome } from '../../lib/store/object-store.ts'
import type { Mix } from './mixes.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { VirtualTime } from './virtual-time.ts'

/** How hostile the network and the machines are. */
export type Weather = Pick<Mix, 'latency' | 'stall' | 'nap' | 'readFaults' | 'writeFaults'>

/** A request is given up by the client after this long without an answer. */
const GIVE_UP = 20_000
/** A request on its way may still arrive this long after it was sent. */
const LONGEST_FLIGHT = 25_000

/** What the checker is told of the requests as the store carries them out. */
export interface Wiretap {
  acted(client: string, method: string, key: string, outcome: string): void
}

export interface Client {
  readonly name: string
  dead: boolean
  crashed: boolean
  /** Requests until it dies; undefined: it lives. */
  crashAfter: number | undefined
}

interface Request<T> {
  readonly method: string
  readonly key: string
  readonly act: () => Promise<T>
  readonly describe: (answer: T) => string
}

/**
 * The way from one client to the store: requests act at one instant, some time after they were sent; answers come later,
 * or never. Reads are repeated, as the adapter does; a mutation whose answer is lost is `unknown`. A PUT may arrive a second
 * time, as when a proxy on the way repeats it.
 */
export class Network {
  readonly #time: VirtualTime
  readonly #random: SeededRandom
  readonly #tap: Wiretap
  readonly weather: Weather
  /** No more faults and hardly any latency. */
  quiet = false
  /** How many requests arrived a second time. */
  repeats = 0

  constructor(time: VirtualTime, random: SeededRandom, weather: Weather, tap: Wiretap) {
    this.#time = time
    this.#random = random
    this.weather = weather
    this.#tap = tap
  }

  /** `store` as `client` reaches it. */
  connect(store: ObjectStore, client: Client): ObjectStore {
    const read = <T>(method: string, key: string, act: () => Promise<T>, describe: (answer: T) => string): Promise<T> =>
      this.#read(client, { method, key, act, describe })
    return {
      list: (prefix, options) =>
        read('list', prefix, () => store.list(prefix, options), ({ objects }) => `${String(objects.length)} objects`),
      get: (key, options) => read('get', key, () => store.get(key, options), (object) => (object === undefined ? 'missing' : 'ok')),
      getUnless: (key, etag) =>
        read('get', key, () => store.getUnless(key, etag), (object) => (object === undefined ? 'missing' : 'ok')),
      head: (key) => read('head', key, () => store.head(key), (object) => (object === undefined ? 'missing' : 'ok')),
      put: (key, body, options) =>
        this.#mutate<PutOutcome>(client, { method: 'put', key, act: () => store.put(key, body, options), describe: (a) => a.outcome }),
      delete: (key, options) =>
        this.#mutate<DeleteOutcome>(client, { method: 'delete', key, act: () => store.delete(key, options), describe: (a) => a.outcome }),
      stream: (key) => store.stream(key),
      listVersions: (key) => store.listVersions(key),
    }
  }

  /** A client may be suspended before it sends, or with the answer in its hands. */
  #read<T>(client: Client, request: Request<T>): Promise<T> {
    return new Promise((resolve) => {
      const answer = (value: T): void => this.#deliver(client, this.#suspension(), () => resolve(value))
      const send = (): void => this.#send(client, request, answer, send)
      this.#time.after(this.#suspension(), send)
    })
  }

  #mutate<T extends PutOutcome | DeleteOutcome>(client: Client, request: Request<T>): Promise<T> {
    const isGuarded = request.method === 'put' || request.key.endsWith('.tgz') || request.key.endsWith('.prov')
    return new Promise((resolve) => {
      this.#time.after(isGuarded ? 0 : this.#suspension(), () => {
        this.#send(client, request, resolve, () => resolve({ outcome: 'unknown', cause: 'no answer' } as T))
      })
    })
  }

  /** One try. `noAnswer` is called once the client has given up. */
  #send<T>(client: Client, request: Request<T>, answer: (value: T) => void, noAnswer: () => void): void {
    if (client.dead) return
    if (!this.quiet && client.crashAfter !== undefined && client.crashAfter-- <= 0) {
      client.dead = client.crashed = true
      if (this.#random.chance(0.5)) this.#time.after(this.#latency(), () => void this.#act(client, request))
      return
    }
    const { there, back, dropped, lost, repeated } = this.#fate(request.method)
    const arrives = !dropped
    const answers = arrives && !lost && there + back <= GIVE_UP
    if (arrives) {
      this.#time.after(there, () => {
        void this.#act(client, request).then((value) => {
          if (answers) this.#deliver(client, back, () => answer(value))
        })
      })
      if (repeated) {
        this.repeats++
        this.#time.after(there + this.#random.below(LONGEST_FLIGHT), () => void this.#act(client, request))
      }
    }
    if (!answers) this.#deliver(client, GIVE_UP, noAnswer)
  }

  #deliver(client: Client, delay: number, run: () => void): void {
    this.#time.after(delay, () => {
      if (!client.dead) run()
    })
  }

  async #act<T>(client: Client, request: Request<T>): Promise<T> {
    const value = await request.act()
    this.#tap.acted(client.name, request.method, request.key, request.describe(value))
    return value
  }

  #latency(): number {
    return this.quiet ? 1 : this.#random.exponential(this.weather.latency)
  }

  #fate(method: string): { there: number; back: number; dropped: boolean; lost: boolean; repeated: boolean } {
    const fate = { there: Math.min(this.#latency(), LONGEST_FLIGHT), back: this.#latency(), dropped: false, lost: false, repeated: false }
    if (this.quiet) return fate
    const isWrite = method === 'put' || method === 'delete'
    const chance = this.#random.fraction() / (isWrite ? this.weather.writeFaults : this.weather.readFaults)
    if (chance < 0.012) fate.there = this.#random.below(LONGEST_FLIGHT)
    else if (chance < 0.02) fate.back = this.#random.below(LONGEST_FLIGHT)
    else if (chance < 0.035) fate.lost = true
    else if (chance < 0.045) fate.dropped = true
    else if (chance < 0.05) fate.repeated = method === 'put'
    return fate
  }

  #suspension(): number {
    if (this.quiet || !this.#random.chance(this.weather.stall / 2)) return 0
    return this.#random.below(this.weather.nap * (this.#random.chance(0.1) ? 8 : 1))
  }
}
