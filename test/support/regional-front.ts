import { type IncomingMessage, type ServerResponse, request } from 'node:http'
import { type LocalServer, answerWith, startServer } from './local-server.ts'
import { signedRegion } from './signatures.ts'

/** How a store sends a request to another region. */
export type Redirect = 'PermanentRedirect' | 'TemporaryRedirect' | 'AuthorizationHeaderMalformed' | 'without a region'

export interface RegionalFront extends LocalServer {
  /** `METHOD path REGION status`, where REGION is that of the signature. */
  readonly lines: readonly string[]
  /** `host` headers. */
  readonly hosts: readonly string[]
  redirect: Redirect
}

/**
 * A store whose buckets are in one region: it answers as AWS does to a request that is signed for another, and hands
 * the rest to a store behind it. To HEAD it says nothing but the status and the header, as AWS.
 */
export async function startRegionalFront(
  store: string,
  region: string,
  options: { readonly tls?: boolean } = {},
): Promise<RegionalFront> {
  const lines: string[] = []
  const hosts: string[] = []
  const front = { redirect: 'PermanentRedirect' as Redirect }
  const server = await startServer((incoming, answer) => {
    const signed = signedRegion(incoming)
    const line =
      `${incoming.method ?? ''} ${new URL(incoming.url ?? '/', 'http://x').pathname.replace(/\/$/, '')} ` + `${signed}`
    hosts.push(incoming.headers.host ?? '')
    if (signed === region) {
      forward(store, incoming, answer, (status) => lines.push(`${line} ${String(status)}`))
      return
    }
    incoming.resume()
    const status =
      front.redirect === 'TemporaryRedirect'
        ? 307
        : front.redirect === 'AuthorizationHeaderMalformed' || incoming.method === 'HEAD'
          ? 400
          : 301
    lines.push(`${line} ${String(status)}`)
    const told = front.redirect === 'AuthorizationHeaderMalformed' ? `<Region>${region}</Region>` : ''
    const message =
      told === ''
        ? 'The bucket is elsewhere.'
        : `The authorization header is malformed; the region '${signed}' is wrong; expecting '${region}'`
    const isInQuery = incoming.headers.authorization === undefined
    const isMalformed = front.redirect === 'AuthorizationHeaderMalformed'
    const code = isMalformed && isInQuery ? 'AuthorizationQueryParametersError' : front.redirect
    const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message>${told}</Error>`
    const isTold = front.redirect !== 'without a region' && (told === '' || incoming.method === 'HEAD')
    answerWith(answer, status, incoming.method === 'HEAD' ? '' : body, isTold ? { 'x-amz-bucket-region': region } : {})
  }, options)
  return Object.assign(front, server, { lines, hosts })
}

function forward(
  store: string,
  incoming: IncomingMessage,
  answer: ServerResponse,
  note: (status: number) => void,
): void {
  const outgoing = request(
    new URL(incoming.url ?? '/', store),
    { method: incoming.method, headers: { ...incoming.headers } },
    (reply) => {
      note(reply.statusCode ?? 500)
      answer.writeHead(reply.statusCode ?? 500, reply.headers)
      reply.pipe(answer)
    },
  )
  incoming.pipe(outgoing)
}
