import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Traffic } from './result.ts'

export interface CountingProxy {
  readonly endpoint: string
  readonly traffic: Traffic
  close(): Promise<void>
}

/** A proxy to a store that counts requests and the bytes of their bodies. */
export async function startCountingProxy(store: string): Promise<CountingProxy> {
  const traffic = { requests: 0, received: 0, sent: 0 }
  const forward = (incoming: IncomingMessage, answer: ServerResponse): void => {
    traffic.requests++
    incoming.on('data', (piece: Buffer) => (traffic.sent += piece.length))
    const { headers, method } = incoming
    const outgoing = request(new URL(incoming.url ?? '/', store), { method, headers: { ...headers } }, (reply) => {
      reply.on('data', (piece: Buffer) => (traffic.received += piece.length))
      answer.writeHead(reply.statusCode ?? 500, reply.headers)
      reply.pipe(answer)
    })
    outgoing.on('error', () => answer.destroy())
    incoming.pipe(outgoing)
  }
  const server = createServer(forward).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    traffic,
    close: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
