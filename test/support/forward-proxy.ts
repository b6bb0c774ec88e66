import { createServer, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { closed, listen } from './local-server.ts'
import { withoutSignature } from './signatures.ts'

export interface ForwardProxy {
  readonly url: string
  /** `CONNECT HOST:PORT` and `METHOD http://HOST/…` without signatures, in the order of their coming. */
  readonly lines: readonly string[]
  /** What clients said to be let in with. */
  readonly authorizations: readonly (string | undefined)[]
  close(): Promise<void>
}

/**
 * A proxy for http and https that takes every host for one port of this machine: names need not exist. With a password
 * it lets nobody else in.
 */
export async function startForwardProxy(
  port: number,
  options: { readonly password?: string } = {},
): Promise<ForwardProxy> {
  const lines: string[] = []
  const authorizations: (string | undefined)[] = []
  const tunnels = new Set<Duplex>()
  const lets = (authorization: string | undefined): boolean => {
    authorizations.push(authorization)
    return (
      options.password === undefined ||
      authorization === `Basic ${Buffer.from(`me:${options.password}`).toString('base64')}`
    )
  }
  const server = createServer((incoming, answer) => {
    const url = new URL(incoming.url ?? '/', 'http://x')
    lines.push(`${incoming.method ?? ''} ${withoutSignature(incoming.url ?? '')}`)
    if (!lets(incoming.headers['proxy-authorization'])) {
      answer.writeHead(407, { 'proxy-authenticate': 'Basic' }).end()
      return
    }
    const { 'proxy-authorization': _, 'proxy-connection': __, ...headers } = incoming.headers
    const outgoing = request({ port, method: incoming.method, path: url.pathname + url.search, headers }, (reply) => {
      answer.writeHead(reply.statusCode ?? 500, reply.headers)
      reply.pipe(answer)
    })
    incoming.pipe(outgoing)
  })
  server.on('connect', (incoming, socket, head) => {
    lines.push(`CONNECT ${incoming.url ?? ''}`)
    if (!lets(incoming.headers['proxy-authorization'])) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n')
      return
    }
    const target = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      target.write(head)
      target.pipe(socket).pipe(target)
    })
    for (const [end, other] of [
      [socket, target],
      [target, socket],
    ] as const) {
      tunnels.add(end)
      end.on('error', () => other.destroy())
      end.once('close', () => {
        tunnels.delete(end)
        other.destroy()
      })
    }
  })
  await listen(server)
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    lines,
    authorizations,
    close: () => {
      for (const tunnel of tunnels) tunnel.destroy()
      return closed(server)
    },
  }
}
