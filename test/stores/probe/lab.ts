import type { RawAnswer, RawClient, RawRequest } from '../raw-client.ts'
import { type ListedPage, readPage } from './listed-page.ts'

/** An ETag that no object has. */
export const STALE = '"00000000000000000000000000000000"'

type Headers = Readonly<Record<string, string>>

/** A bucket to try things out in. Requests are sent once, and no answer is hidden. */
export class Lab {
  readonly send: RawClient
  readonly bucket: string

  constructor(send: RawClient, bucket: string) {
    this.send = send
    this.bucket = bucket
  }

  /** A request to the bucket. */
  ask(request: Omit<RawRequest, 'bucket'>): Promise<RawAnswer> {
    return this.send({ bucket: this.bucket, ...request })
  }

  put(key: string, body: Uint8Array | string, headers: Headers = {}): Promise<RawAnswer> {
    return this.ask({ method: 'PUT', key, body, headers })
  }

  get(key: string, headers: Headers = {}): Promise<RawAnswer> {
    return this.ask({ method: 'GET', key, headers })
  }

  head(key: string, headers: Headers = {}): Promise<RawAnswer> {
    return this.ask({ method: 'HEAD', key, headers })
  }

  delete(key: string, headers: Headers = {}): Promise<RawAnswer> {
    return this.ask({ method: 'DELETE', key, headers })
  }

  /** A page of ListObjectsV2. */
  async list(query: Headers): Promise<ListedPage & { readonly answer: RawAnswer }> {
    const answer = await this.ask({ method: 'GET', query: { 'list-type': '2', ...query } })
    return { ...readPage(answer.body.toString('utf8')), answer }
  }

  /** The ETag of an object, as HEAD shows it. */
  async etag(key: string): Promise<string> {
    return (await this.head(key)).headers.etag ?? ''
  }

  /** The text of an object; undefined: there is none. */
  async text(key: string): Promise<string | undefined> {
    const answer = await this.get(key)
    return answer.status === 200 ? answer.body.toString('utf8') : undefined
  }
}

export const isDone = ({ code, status }: RawAnswer): boolean => status >= 200 && status < 300 && code === undefined

/** An answer in words: its status, and the code of an error. */
export function said({ code, status }: RawAnswer): string {
  if (status === 0) return 'no answer'
  return code === undefined ? String(status) : `${String(status)} ${code}`
}

export const unquoted = (etag: string): string => etag.replaceAll('"', '')
