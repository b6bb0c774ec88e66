import { readFileSync } from 'node:fs'
import { type IncomingMessage, type RequestListener, type Server, type ServerResponse, createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'

export interface LocalServer {
  readonly port: number
  /** `http://127.0.0.1:PORT`, or https. */
  readonly url: string
  close(): Promise<void>
}

/** A PEM file with the CA of every TLS server of the tests. */
export const TEST_CA = fixture('ca.pem')

export type Handler = (message: IncomingMessage, answer: ServerResponse) => unknown

/** A server on this machine, on any free port. */
export async function startServer(handle: Handler, options: { readonly tls?: boolean } = {}): Promise<LocalServer> {
  const listener: RequestListener = (message, answer) => void handle(message, answer)
  const tls = { key: readFileSync(fixture('server.key')), cert: readFileSync(fixture('server.pem')) }
  const server = options.tls === true ? createTlsServer(tls, listener) : createServer(listener)
  await listen(server)
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `${options.tls === true ? 'https' : 'http'}://127.0.0.1:${String(port)}`,
    close: () => closed(server),
  }
}

export function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
}

export function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve()
    })
    server.closeAllConnections()
  })
}

export async function bodyOf(message: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of message as AsyncIterable<Buffer>) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

export function answerWith(
  answer: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  answer.writeHead(status, { date: new Date().toUTCString(), 'content-type': 'application/xml', ...headers })
  answer.end(body)
}

function fixture(name: string): string {
  return fileURLToPath(new URL(`../../fixtures/tls/${name}`, import.meta.url))
}
