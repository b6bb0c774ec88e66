import { type IncomingMessage, type ServerResponse, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { closed } from '../support/local-server.ts'
import { withoutSignature } from '../support/signatures.ts'
import { pause } from '../e2e/support/servers.ts'
import type { NetworkFault, ProcessFault } from './plan.ts'

/** A request that the proxy has given to the store. */
export interface Forwarded {
  readonly method: string
  /** Without query. */
  readonly path: string
  readonly body: Buffer
  /** What the store answered; undefined: nothing yet, or nothing at all. */
  status: number | undefined
}

/** Between one process and the store. It reads every request to its end before it does anything with it. */
export interface ChaosProxy {
  /** `HOST:PORT` */
  readonly host: string
  /** `METHOD path` of all that came in. */
  readonly requests: readonly string[]
  readonly forwarded: readonly Forwarded[]
  /** What has happened, one text for each fault that a request has met. */
  readonly met: readonly string[]
  /** Resolves when nothing is on its way any more, late and repeated requests included. */
  idle(): Promise<void>
  close(): Promise<void>
}

interface ProxyOptions {
  readonly network: readonly NetworkFault[]
  readonly killAt: Extract<ProcessFault, { readonly kind: 'kill-at' }> | undefined
  /** Kills the process. */
  readonly kill: () => void
}

/** More than any delay: nothing is held longer than this, in milliseconds. */
const LONGEST = 120_000

const CODES = { 409: 'ConditionalRequestConflict', 500: 'InternalError', 503: 'SlowDown' } as const

/**
 * Starts a proxy on this machine. Faults are counted by the requests of its one process, so that the same request of
 * the same command meets them whatever others do.
 * @param store `http://127.0.0.1:PORT`
 */
export async function startChaosProxy(store: string, { kill, killAt, network }: ProxyOptions): Promise<ChaosProxy> {
  const requests: string[] = []
  const forwarded: Forwarded[] = []
  const met: string[] = []
  const underWay = new Set<Promise<unknown>>()
  let mutations = 0
  const track = (work: Promise<unknown>): void => {
    const tracked = work.catch(() => undefined).finally(() => underWay.delete(tracked))
    underWay.add(tracked)
  }

  const forward = (incoming: IncomingMessage, body: Buffer, sent = body): Promise<Reply | undefined> => {
    const { headers, method = '', url = '/' } = incoming
    const seen: Forwarded = { method, path: url.split('?')[0] ?? '', body, status: undefined }
    if (sent === body) forwarded.push(seen)
    return new Promise((resolve) => {
      const outgoing = request(new URL(url, store), { method, headers }, (reply) => {
        buffer(reply).then(
          (content) => {
            seen.status = reply.statusCode
            resolve({ status: reply.statusCode ?? 500, headers: reply.headers, content })
          },
          () => resolve(undefined),
        )
      })
      outgoing.setTimeout(LONGEST, () => outgoing.destroy())
      outgoing.once('error', () => resolve(undefined))
      if (sent === body) outgoing.end(body)
      else outgoing.write(sent, () => outgoing.destroy())
    })
  }

  const handle = async (incoming: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const line = `${incoming.method ?? ''} ${withoutSignature(incoming.url ?? '')}`
    requests.push(line)
    const nth = { requests: requests.length, mutations: /^(PUT|DELETE)/.test(line) ? ++mutations : 0 }
    const body = await buffer(incoming).catch(() => undefined)
    if (body === undefined) return
    const fault = network.find((each) => nth[each.of] === each.nth)
    const isLast = killAt !== undefined && nth.requests === killAt.nth
    const breakOff = (): void => void incoming.socket.destroy()
    if (isLast && killAt.when !== 'answered') {
      met.push(`kill-at ${killAt.when}: ${line}`)
      kill()
      if (killAt.when === 'passed') await forward(incoming, body)
      return breakOff()
    }
    if (fault !== undefined) met.push(`${fault.kind}: ${line}`)
    await meet(fault, { incoming, answer, body, forward, breakOff })
    if (isLast) {
      met.push(`kill-at answered: ${line}`)
      kill()
    }
    // No proxy repeats a DELETE whose answer it has: the protocol does not claim to stand that.
    if (fault?.kind === 'repeat' && incoming.method !== 'DELETE') {
      track(
        pause(fault.ms)
          .then(() => forward(incoming, body))
          .then(() => met.push(`repeated: ${line}`)),
      )
    }
  }

  const server = createServer((incoming, answer) => track(handle(incoming, answer)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    host: `127.0.0.1:${String(port)}`,
    requests,
    forwarded,
    met,
    idle: async () => {
      while (underWay.size > 0) await Promise.all(underWay)
    },
    close: () => closed(server),
  }
}

interface Reply {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly content: Buffer
}

interface Passage {
  readonly incoming: IncomingMessage
  readonly answer: ServerResponse
  readonly body: Buffer
  readonly forward: (incoming: IncomingMessage, body: Buffer, sent?: Buffer) => Promise<Reply | undefined>
  readonly breakOff: () => void
}

/** Gives the request to the store, or not, and its sender the answer, or not. */
async function meet(fault: NetworkFault | undefined, passage: Passage): Promise<void> {
  const { answer, body, breakOff, forward, incoming } = passage
  switch (fault?.kind) {
    case 'drop':
      return breakOff()
    case 'lose':
      await forward(incoming, body)
      return breakOff()
    case 'late':
      breakOff()
      await pause(fault.ms)
      await forward(incoming, body)
      return
    case 'cut-request':
      await forward(incoming, body, body.subarray(0, Math.floor(body.length / 2)))
      return breakOff()
    case 'answer-500':
    case 'answer-503':
    case 'answer-409':
      return giveError(answer, Number(fault.kind.slice(-3)) as keyof typeof CODES)
    case 'slow':
    case 'slow-answer':
    case 'repeat':
    case 'cut-answer':
    case undefined: {
      if (fault?.kind === 'slow') await pause(fault.ms)
      const reply = await forward(incoming, body)
      if (fault?.kind === 'slow-answer') await pause(fault.ms)
      if (reply === undefined) return breakOff()
      return giveReply(passage, reply, fault?.kind === 'cut-answer')
    }
  }
}

async function giveReply(
  { answer, breakOff, incoming }: Passage,
  { content, headers, status }: Reply,
  isCut: boolean,
): Promise<void> {
  // Its sender may have gone meanwhile: then there is nobody to wait for.
  if (incoming.socket.destroyed) return
  if (isCut && content.length < 2) return breakOff()
  answer.writeHead(status, headers)
  await new Promise<void>((resolve) => {
    answer.once('close', () => resolve())
    if (isCut) answer.write(content.subarray(0, Math.floor(content.length / 2)), breakOff)
    else answer.end(content)
  })
}

function giveError(answer: ServerResponse, status: keyof typeof CODES): void {
  answer.writeHead(status, { date: new Date().toUTCString(), 'content-type': 'application/xml' })
  answer.end(`<Error><Code>${CODES[status]}</Code><Message>made by the proxy</Message></Error>`)
}
