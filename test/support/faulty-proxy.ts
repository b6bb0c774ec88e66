import { type IncomingMessage, type Server, type ServerResponse, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What happens to a request on its way. `lose`: the store acts, the answer is lost. `drop`: it never arrives. */
export type Fault =
  | { readonly kind: 'lose' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'hang' }
  | { readonly kind: 'answer'; readonly status: number; readonly body: string; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: 'cut'; readonly after: number }
  | { readonly kind: 'change' }
  /** It waits until this has happened, and goes through. */
  | { readonly kind: 'hold'; readonly until: () => Promise<void> }
  /** It goes through, and is the last that is answered: nobody listens from then on. */
  | { readonly kind: 'leave' }

export interface FaultyProxy {
  readonly endpoint: string
  /** `METHOD path`, in the order of their coming. */
  readonly requests: readonly string[]
  /** The next requests that this matches meet these faults, one each; the rest goes through. */
  fail(matches: (line: string) => boolean, ...faults: readonly Fault[]): void
  /** From now on connections are refused. */
  leave(): void
  /** It listens again, on the same port. */
  comeBack(): Promise<void>
  close(): Promise<void>
}

/** A proxy to a store on this machine that does to requests what networks do. */
export async function startFaultyProxy(store: string): Promise<FaultyProxy> {
  const requests: string[] = []
  const plans: { readonly matches: (line: string) => boolean; readonly faults: Fault[] }[] = []
  const server = createServer((incoming, answer) => {
    const line = `${incoming.method ?? ''} ${incoming.url ?? ''}`
    requests.push(line)
    const fault = plans.find(({ faults, matches }) => faults.length > 0 && matches(line))?.faults.shift()
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
    leave,
    comeBack: () => listen(port),
    fail: (matches, ...faults) => void plans.push({ matches, faults: [...faults] }),
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
      void fault.until().finally(() => {
        forward(store, incoming, answer, undefined)
      })
      return
    case 'lose':
    case 'cut':
    case 'change':
    case 'leave':
    case undefined:
      forward(store, incoming, answer, fault)
  }
}

function forward(store: string, incoming: IncomingMessage, answer: ServerResponse, fault: Fault | undefined): void {
  const { headers, method, url } = incoming
  const outgoing = request(new URL(url ?? '/', store), { method, headers: { ...headers } }, (reply) => {
    const pieces: Buffer[] = []
    reply.on('data', (piece: Buffer) => pieces.push(piece))
    reply.once('end', () => {
      const body = Buffer.concat(pieces)
      if (fault?.kind === 'lose') {
        incoming.socket.destroy()
        return
      }
      if (fault?.kind === 'change') body[0] = (body[0] ?? 0) ^ 1
      // The connection ends with this answer: the next request needs one of its own, and is refused it.
      const ending = fault?.kind === 'leave' ? { connection: 'close' } : {}
      answer.writeHead(reply.statusCode ?? 500, { ...reply.headers, ...ending })
      if (fault?.kind !== 'cut') {
        answer.end(body)
        return
      }
      answer.write(body.subarray(0, fault.after), () => {
        incoming.socket.destroy()
      })
    })
  })
  incoming.pipe(outgoing)
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve()
    })
    server.closeAllConnections()
  })
}
