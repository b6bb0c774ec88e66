import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { DefaultRateLimiter, isThrottlingError, isTransientError } from '@smithy/core/retry'
import type { NodeHttpHandler } from '@smithy/node-http-handler'
import { MAX_ERROR } from '../../text/size-limits.ts'
import { HelmS3Error } from '../../errors.ts'
import { PROGRAM_VERSION } from '../../program-version.ts'
import type { StaticCredentials } from '../../settings/connection.ts'
import type { Until } from '../object-store.ts'
import type { BucketAddress } from './address.ts'
import type { Clock } from '../../sys/clock.ts'
import { systemRandom } from '../../sys/random.ts'
import { uriEncodePath } from './uri-encode.ts'
import { type S3Answer, S3AnswerError, dateOf } from './answer.ts'
import { type Attempts, Outage } from './outage.ts'
import { type BucketRegion, regionTold } from './region.ts'
import { type BodilessRequest, type SigningScope, signHeaders, signQuery } from './signature.ts'
import {
  expiryBefore,
  isExpired,
  isNotConnected,
  mayMindChecksum,
  mayMindQuerySignature,
  signsOf,
  statusOf,
} from './error-signs.ts'

/** One request to the bucket. */
export interface S3Request {
  readonly method: 'DELETE' | 'GET' | 'HEAD' | 'POST' | 'PUT'
  /** Undefined: the request is about the bucket itself. */
  readonly key?: string
  /** Values that are undefined are left out, here and in the headers. */
  readonly query?: Readonly<Record<string, string | undefined>>
  /** Header names are in lower case. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly body?: Uint8Array
  /** The SHA-256 of the body in lower-case hex, when it is known. */
  readonly sha256?: string | undefined
  /** Whether the body is an object, which is sent with its checksum when the store accepts one. */
  readonly isObject?: boolean
  /**
   * Whether the caller reads the body of the answer. With GET it always does; with other methods only when this is set.
   */
  readonly readsAnswer?: boolean
  /** The store is asked to refuse the request when it arrives later. */
  readonly until?: Until | undefined
  /** Only for mutations: see `SendOptions` of the port. */
  readonly inTime?: (() => boolean) | undefined
}

/** How the requests of a store are sent. */
export interface S3Route {
  readonly handler: NodeHttpHandler
  readonly clock: Clock
  /** The name of the store in messages: `http://minio:9000`, `AWS`. */
  readonly place: string
  /** Called once when the store has to be waited for. */
  readonly notice: (line: string) => void
  readonly region: BucketRegion
  /** Whether requests that belong to another region are sent there. */
  readonly followsRegion: boolean
  /** Headers that every request has. */
  readonly headers: Readonly<Record<string, string>>
  /** Whether objects are sent with their checksum. */
  readonly sendsChecksums: boolean
  readonly addressIn: (region: string) => Promise<BucketAddress>
  /** Returns the keys to sign with. Undefined: requests are sent unsigned. */
  readonly keys: () => Promise<StaticCredentials | undefined>
  /** Called with what was found out on the way, one line each. */
  readonly detail: (line: string) => void
}

type SdkError = Parameters<typeof isTransientError>[0]

/**
 * Why an attempt failed. `final`: it would fail again; `throttled`: the store asks to slow down; `silent`: no answer,
 * or no usable one.
 */
type Failure = 'final' | 'throttled' | 'silent'

/** The same kinds under the names of the SDK's rate limiter. */
const ERROR_TYPES = { final: 'CLIENT_ERROR', throttled: 'THROTTLING', silent: 'TRANSIENT' } as const

/**
 * A request to a store that asks to slow down is attempted at least this often, however long the rate limiter delays
 * it.
 */
const THROTTLED_ATTEMPTS = 4
/**
 * Milliseconds. The pause before attempt n + 1 is shorter than the first number times 2^n, and shorter than the second.
 */
const PAUSES = { final: [0, 0], throttled: [500, 10_000], silent: [25, 1000] } as const

/**
 * Milliseconds. S3 refuses signatures whose time differs by more than a quarter of an hour. The SDK corrects the time
 * from this difference on.
 */
const SKEW = 5 * 60_000
/** Seconds. The lifetime of a request whose signature states one. */
const LIFETIME = 300
const NO_CHECKSUM =
  'the store accepts no checksums with objects, so it cannot refuse an object that was changed on the way'
const NO_QUERY = 'the store accepts no signatures in the query, so it cannot refuse a request that arrives late'
const NO_BYTES = createHash('sha256').digest('hex')
const USER_AGENT = `helm-s3/${PROGRAM_VERSION}`

/**
 * Sends single requests of the S3 API, with the SDK's own connection handler and rate limiter. The SDK's commands would
 * take eight times as much processor time for a HEAD, and most of the start of a download. After a 503 SlowDown (or
 * 429) it sends only as fast as the store accepts, and speeds up again gradually. It waits for a store that does not
 * answer: see {@link Outage}.
 */
export class S3Requests {
  readonly #route: S3Route
  readonly #rateLimiter = new DefaultRateLimiter()
  readonly #outage: Outage
  /** Milliseconds by which the store's clock is ahead of ours, when the difference is large enough to be refused. */
  #clockOffset = 0
  /** The store refuses requests with a checksum, and accepts them without. */
  #takesNoChecksum = false
  /** The store refuses signatures in the query, and accepts them in a header. */
  #signsInHeaderOnly = false

  constructor(route: S3Route) {
    this.#route = route
    this.#outage = new Outage(route)
  }

  /**
   * Repeats a request that failed for a temporary reason, with back-off and jitter, until the store answers or has not
   * answered for about twenty seconds.
   * @returns an answer of success, or 304
   * @throws S3AnswerError a refusal; errors of the connection; what `keys` throws
   */
  read(request: S3Request, signal: AbortSignal | undefined): Promise<S3Answer> {
    return this.#send(request, signal, () => true)
  }

  /**
   * Like {@link read}, but the request reaches the store only once: a PUT or DELETE that is sent again might hit what
   * another client wrote in between. When there was no connection, nothing was sent. Then it is tried again, as long as
   * the caller says that it would still be in time.
   */
  mutate(request: S3Request, signal: AbortSignal | undefined): Promise<S3Answer> {
    return this.#send(request, signal, (error) => isNotConnected(signsOf(error)) && request.inTime?.() === true)
  }

  /** `isHarmless`: whether a request that failed with this error may be sent again. */
  async #send(
    request: S3Request,
    signal: AbortSignal | undefined,
    isHarmless: (error: unknown) => boolean,
  ): Promise<S3Answer> {
    const attempts: Attempts = { count: 0, startedAt: this.#route.clock.monotonic(), failedAt: undefined }
    for (let failed: { readonly error: unknown } | undefined; ;) {
      await this.#rateLimiter.getSendToken()
      // Time has passed, so a request that was harmless a moment ago may be too late by now.
      if (failed !== undefined && !isHarmless(failed.error)) throw failed.error
      attempts.count++
      try {
        const answer = await this.#sendWithChecksum(request, signal)
        this.#rateLimiter.updateClientSendingRate({})
        this.#outage.noteAnswer({ isOver: true })
        return answer
      } catch (error) {
        // These errors come from credential providers, which repeat requests themselves.
        if (error instanceof HelmS3Error) throw error
        failed = { error }
        const failure = failureOf(error as SdkError)
        this.#rateLimiter.updateClientSendingRate({ error, errorType: ERROR_TYPES[failure] })
        if (error instanceof S3AnswerError) this.#outage.noteAnswer({ isOver: failure !== 'silent' })
        if (failure === 'final' || !isHarmless(error) || !this.#mayTryAgain(attempts, failure, error)) throw error
        await this.#pause(attempts, failure, signal).catch(() => {
          throw error
        })
      }
    }
  }

  #mayTryAgain(attempts: Attempts, failure: Failure, error: unknown): boolean {
    if (failure === 'throttled' && attempts.count < THROTTLED_ATTEMPTS) return true
    return this.#outage.mayTryAgain(attempts, signsOf(error))
  }

  /** Rejects when the signal is aborted. */
  #pause({ count }: Attempts, failure: Failure, signal: AbortSignal | undefined): Promise<void> {
    const [first, longest] = PAUSES[failure]
    return this.#route.clock.sleep(systemRandom.fraction() * Math.min(first * 2 ** count, longest), signal)
  }

  /**
   * Sends a request again, once and without its checksum, when the store may have refused it because of the checksum.
   * The first request was not carried out, so this is safe for a PUT, too.
   */
  async #sendWithChecksum(
    { isObject = false, ...request }: S3Request,
    signal: AbortSignal | undefined,
  ): Promise<S3Answer> {
    if (!isObject || !this.#route.sendsChecksums || this.#takesNoChecksum) return this.#sendAsItIsTaken(request, signal)
    try {
      return await this.#sendAsItIsTaken({ ...request, isObject }, signal)
    } catch (error) {
      if (!mayMindChecksum(error)) throw error
      const again = this.#sendAsItIsTaken(request, signal)
      const status = await again.then(
        (answer) => answer.status,
        (refusal: unknown) => {
          if (refusal instanceof S3AnswerError) refusal.isWithoutChecksum = true
          return statusOf(refusal)
        },
      )
      if (status !== undefined && status < 500 && status !== statusOf(error)) {
        this.#takesNoChecksum = true
        this.#route.detail(`helm-s3: ${NO_CHECKSUM}`)
      }
      return again
    }
  }

  /**
   * Sends a request again, once and without an expiry time, when the store may have refused it because its signature is
   * in the query. The first request was not carried out, so this is safe for a PUT or DELETE, too.
   */
  async #sendAsItIsTaken({ until, ...request }: S3Request, signal: AbortSignal | undefined): Promise<S3Answer> {
    if (until === undefined || this.#signsInHeaderOnly) return this.#sendWhereItBelongs(request, signal)
    try {
      return await this.#sendWhereItBelongs({ ...request, until }, signal)
    } catch (error) {
      if (isExpired(error, until) || !mayMindQuerySignature(error)) throw error
      const again = this.#sendWhereItBelongs(request, signal)
      const status = await again.then((answer) => answer.status, statusOf)
      if (status !== undefined && status < 500 && status !== statusOf(error)) {
        this.#signsInHeaderOnly = true
        this.#route.detail(`helm-s3: ${NO_QUERY}`)
      }
      return again
    }
  }

  /**
   * Sends a request again, once, when the store refused it because of the region or the time in its signature. The
   * first request was not carried out, so this is safe for a PUT or DELETE, too. Cost: one more request, for the first
   * one of a process.
   */
  async #sendWhereItBelongs(request: S3Request, signal: AbortSignal | undefined): Promise<S3Answer> {
    const { followsRegion, region } = this.#route
    const asked = region.current
    const offset = this.#clockOffset
    try {
      return await this.#sendOnce(request, signal)
    } catch (error) {
      if (!(error instanceof S3AnswerError)) throw error
      const told = followsRegion ? regionTold(error) : undefined
      if (told !== undefined && told !== region.current) region.learn(told)
      this.#learnTime(error)
      if (region.current === asked && this.#clockOffset === offset) throw error
      return this.#sendOnce(request, signal)
    }
  }

  #learnTime(error: S3AnswerError): void {
    const date = dateOf(error.$response.headers)
    if (statusOf(error) !== 403 || date === undefined) return
    const offset = date - this.#route.clock.now()
    if (Math.abs(offset - this.#clockOffset) > SKEW) this.#clockOffset = offset
  }

  async #sendOnce(request: S3Request, signal: AbortSignal | undefined): Promise<S3Answer> {
    const { addressIn, handler, keys, region } = this.#route
    const [address, credentials] = await Promise.all([addressIn(region.current), keys()])
    const { body, method, readsAnswer = method === 'GET', sha256 } = request
    const payload = body === undefined ? NO_BYTES : (sha256 ?? createHash('sha256').update(body).digest('hex'))
    const unsigned = this.#unsigned(request, payload, address)
    const scope = credentials && { keys: credentials, ...address.signing }
    const signed = scope === undefined ? unsigned : await this.#sign(unsigned, payload, scope, request)
    const { response } = await handler.handle({ ...signed, body } as Parameters<typeof handler.handle>[0], {
      ...(signal === undefined ? {} : { abortSignal: signal }),
    })
    const answer = { status: response.statusCode, headers: response.headers, body: response.body as Readable }
    const isDone = answer.status >= 200 && answer.status < 300
    if (isDone && readsAnswer) return answer
    if (!isDone && answer.status !== 304) throw new S3AnswerError(answer, await readText(answer.body))
    // The body is read to its end, so that the connection is free for the next request.
    answer.body.resume()
    return answer
  }

  #sign(
    unsigned: BodilessRequest,
    payload: string,
    scope: Omit<SigningScope, 'time'>,
    { until }: S3Request,
  ): Promise<BodilessRequest> {
    const now = this.#route.clock.now() + this.#clockOffset
    if (until === undefined) return signHeaders(unsigned, payload, { ...scope, time: now })
    // No store accepts a signature from the future.
    const time = Math.min(expiryBefore(until) - LIFETIME * 1000, now)
    return signQuery(unsigned, { ...scope, time }, LIFETIME)
  }

  #unsigned(request: S3Request, payload: string, address: BucketAddress): BodilessRequest {
    const { body, headers = {}, isObject = false, key, method, query = {} } = request
    const { hostname, path, port, protocol } = address
    return {
      protocol,
      hostname,
      ...(port === undefined ? {} : { port }),
      method,
      path: `${path}${key === undefined ? (path === '' ? '/' : '') : `/${uriEncodePath(key)}`}`,
      query: defined(query),
      headers: {
        ...this.#route.headers,
        host: port === undefined ? hostname : `${hostname}:${String(port)}`,
        'user-agent': USER_AGENT,
        ...(body === undefined ? {} : { 'content-length': String(body.length) }),
        ...(isObject ? { 'x-amz-checksum-sha256': Buffer.from(payload, 'hex').toString('base64') } : {}),
        ...defined(headers),
      },
    }
  }
}

function defined(fields: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

/** The first 64 KiB of a body. */
async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of body) {
    pieces.push(piece)
    length += piece.length
    if (length > MAX_ERROR) break
  }
  return Buffer.concat(pieces).subarray(0, MAX_ERROR).toString('utf8')
}

function failureOf(error: SdkError): Failure {
  if (isThrottlingError(error)) return 'throttled'
  const status = statusOf(error)
  const isFailureOfStore = status !== undefined && status >= 500 && status !== 501
  return isFailureOfStore || isTransientError(error) ? 'silent' : 'final'
}
