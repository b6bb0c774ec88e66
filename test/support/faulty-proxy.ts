import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  createServer,
  request,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { withoutSignature } from './signatures.ts'

/** What happens to a request on its way. `lose`: the store acts, the answer is lost. `drop`: it never arrives. */
export type Fault =
  | { readonly kind: 'lose' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'hang' }
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly body: string
      readonly headers?: Readonly<Record<string, string>>
    }
  | { readonly kind: 'cut'; readonly after: number }
  | { readonly kind: 'change' }
  /** It waits until this has happened, and goes through, also when its sender has gone meanwhile. */
  | { readonly kind: 'hold'; readonly until: () => Promise<void>; readonly passed?: () => void }
  /** The store acts, and the answer waits until this has happened. */
  | { readonly kind: 'hold-answer'; readonly until: () => Promise<void> }
  /** The store acts, and the answer becomes another one. */
  | { readonly kind: 'alter'; readonly change: (answer: ProxiedAnswer) => ProxiedAnswer }
  /** It goes through, and is the last that is answered: nobody listens from then on. */
  | { readonly kind: 'leave' }

/** Requests that stand still on their way, or answers that do. */
export interface Hold {
  /** The first of them is held. @returns `METHOD path` */
  readonly arrived: Promise<string>
  /** The first of them has come through: the store has acted. */
  readonly passed: Promise<void>
  /** Lets go of all of them. What is never let go of never comes through. */
  release(): void
}

/** An answer of the store on its way back. */
export interface ProxiedAnswer {
  /** `METHOD path` of its request, without the signature. */
  readonly line: string
  readonly headers: Readonly<IncomingHttpHeaders>
  readonly body: Buffer
}

/** What happens to the requests that it matches. Undefined: they go through. */
interface Plan {
  readonly matches: (line: string) => boolean
  readonly nextFault: (line: string) => Fault | undefined
}

export interface FaultyProxy {
  readonly endpoint: string
  /** `METHOD path`, without signatures, in the order of their coming. */
  readonly requests: readonly string[]
  /** The next requests that this matches meet these faults, one each; the rest goes through. */
  fail(matches: (line: string) => boolean, ...faults: readonly Fault[]): void
  /**
   * All requests that this matches, or their answers, wait until they are released: a client repeats what takes long.
   */
  hold(matches: (line: string) => boolean, what: 'request' | 'answer'): Hold
  /** From now on every answer to a request that meets no other fault becomes what this makes of it. */
  alter(change: (answer: ProxiedAnswer) => ProxiedAnswer): void
  /** After a fault `leave` it listens again, on the same port. */
  comeBack(): Promise<void>
  close(): Promise<void>
}

/** A proxy to a store on this machine that does to requests what networks do. */
export async function startFaultyProxy(store: string): Promise<FaultyProxy> {
  const requests: string[] = []
  const plans: Plan[] = []
  const server = createServer((incoming, answer) => {
    const line = `${incoming.method ?? ''} ${withoutSignature(incoming.url ?? '')}`
    requests.push(line)
    const fault = plans.find(({ matches }) => matches(line))?.nextFault(line)
    if (fault?.kind === 'leave') leave()
    handle(store, incoming, answer, fault)
  })
  const leave = (): void => {
    server.close()
    server.closeIdleConnections()
  }
  const listen = (port: number): Promise<void> => new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
  await listen(0)
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${String(port)}`,
    requests,
    fail: (matches, ...faults) => {
      const left = [...faults]
      plans.push({ matches: (line) => left.length > 0 && matches(line), nextFault: () => left.shift() })
    },
    hold: (matches, what) => {
      const [arrived, released, passed] = [new Signal<string>(), new Signal<undefined>(), new Signal<undefined>()]
      let isHeld = true
      const faultFor = (line: string): Fault => {
        const until = (): Promise<undefined> => {
          arrived.give(line)
          return released.promise
        }
        const tell = (): void => passed.give(undefined)
        return what === 'request' ? { kind: 'hold', until, passed: tell } : { kind: 'hold-answer', until }
      }
      plans.push({ matches: (line) => isHeld && matches(line), nextFault: faultFor })
      const release = (): void => {
        isHeld = false
        released.give(undefined)
      }
      return { arrived: arrived.promise, passed: passed.promise, release }
    },
    alter: (change) => {
      plans.push({ matches: () => true, nextFault: () => ({ kind: 'alter', change }) })
    },
    comeBack: () => listen(port),
    close: () => closed(server),
  }
}

function handle(store: string, incoming: IncomingMessage, answer: ServerResponse, fault: Fault | undefined): void {
  switch (fault?.kind) {
    case 'hang':
      return
    case 'drop':
      incoming.socket.destroy()
      return
    case 'answer':
      incoming.resume()
      answer.writeHead(fault.status, { date: new Date().toUTCString(), 'content-type': 'text/html', ...fault.headers })
      answer.end(fault.body)
      return
    case 'hold':
      void forwardLater(store, incoming, answer, fault)
      return
    case 'hold-answer':
    case 'lose':
    case 'cut':
    case 'change':
    case 'alter':
    case 'leave':
    case undefined:
      forward(store, incoming, answer, fault)
  }
}

/** The body is read first: its sender may be gone when it goes through. */
async function forwardLater(
  store: string,
  incoming: IncomingMessage,
  answer: ServerResponse,
  fault: Extract<Fault, { readonly kind: 'hold' }>,
): Promise<void> {
  const body = await buffer(incoming).catch(() => undefined)
  await fault.until().catch(() => undefined)
  if (body !== undefined) forward(store, incoming, answer, fault, body)
}

/** @param body undefined: what comes in goes through as it comes */
function forward(
  store: string,
  incoming: IncomingMessage,
  answer: ServerResponse,
  fault: Fault | undefined,
  body?: Buffer,
): void {
  const { headers, method, url } = incoming
  const outgoing = request(new URL(url ?? '/', store), { method, headers: { ...headers } }, (reply) => {
    const pieces: Buffer[] = []
    reply.on('data', (piece: Buffer) => pieces.push(piece))
    reply.once('end', () => {
      if (fault?.kind === 'hold') fault.passed?.()
      const give = (): void => giveAnswer(incoming, answer, reply, Buffer.concat(pieces), fault)
      if (fault?.kind === 'hold-answer') void fault.until().finally(give)
      else give()
    })
  })
  outgoing.once('error', () => incoming.socket.destroy())
  if (body === undefined) incoming.pipe(outgoing)
  else outgoing.end(body)
}

function giveAnswer(
  incoming: IncomingMessage,
  answer: ServerResponse,
  { headers, statusCode = 500 }: IncomingMessage,
  body: Buffer,
  fault: Fault | undefined,
): void {
  if (fault?.kind === 'lose') {
    incoming.socket.destroy()
    return
  }
  if (fault?.kind === 'alter') {
    const line = `${incoming.method ?? ''} ${withoutSignature(incoming.url ?? '')}`
    const changed = fault.change({ line, headers, body })
    // The answer to a HEAD has the length of an object that it does not carry.
    // An answer in chunks (S3Mock) has no length, and may not have both.
    const { 'transfer-encoding': _, ...unchunked } = changed.headers
    const hasLength = changed.body !== body
    const sized = { ...unchunked, 'content-length': String(changed.body.length) }
    answer.writeHead(statusCode, hasLength ? sized : changed.headers)
    answer.end(changed.body)
    return
  }
  if (fault?.kind === 'change') body[0] = (body[0] ?? 0) ^ 1
  // The connection ends with this answer: the next request needs one of its own, and is refused it.
  const ending = fault?.kind === 'leave' ? { connection: 'close' } : {}
  answer.writeHead(statusCode, { ...headers, ...ending })
  if (fault?.kind !== 'cut') {
    answer.end(body)
    return
  }
  answer.write(body.subarray(0, fault.after), () => {
    incoming.socket.destroy()
  })
}

/** A promise and what fulfils it; only the first value counts. */
class Signal<T> {
  readonly promise: Promise<T>
  give: (value: T) => void = () => undefined

  constructor() {
    this.promise = new Promise((resolve) => {
      this.give = resolve
    })
  }
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve()
    })
    server.closeAllConnections()
  })
}
