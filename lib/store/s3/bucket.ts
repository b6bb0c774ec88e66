import { HelmS3Error } from '../../errors.ts'
import type { ConnectionSettings } from '../../settings/connection.ts'
import { type S3Answer, dateOf } from './answer.ts'
import type { S3Clients } from './connect.ts'
import type { S3Action } from './action.ts'
import { Explanations } from './explanations.ts'
import type { S3Request } from './requests.ts'

const BODY_ATTEMPTS = 3

/** What all operations on a bucket share: how they send their requests, and what they say when one fails. */
export class S3Bucket {
  readonly explanations: Explanations
  /** Aborts all requests. */
  readonly signal: AbortSignal | undefined
  readonly #clients: S3Clients
  readonly #name: string

  constructor(clients: S3Clients, connection: ConnectionSettings, name: string, signal: AbortSignal | undefined) {
    this.explanations = new Explanations(clients, connection, name)
    this.signal = signal
    this.#clients = clients
    this.#name = name
  }

  /** What is asked of this bucket, for messages. `key`: also the prefix of a listing. */
  action(permission: S3Action['permission'], key: string): S3Action {
    return { permission, bucket: this.#name, key }
  }

  /** Sends a request that may be repeated, see `S3Requests.read`. */
  read(request: S3Request): Promise<S3Answer> {
    return this.#clients.requests.read(request, this.signal)
  }

  /** Sends a request that reaches the store only once, see `S3Requests.mutate`. */
  sendOnce(request: S3Request): Promise<S3Answer> {
    return this.#clients.requests.mutate(request, this.signal)
  }

  /** Whether there are credentials to sign requests with. */
  async isSigned(): Promise<boolean> {
    return (await this.#clients.credentials()).load !== undefined
  }

  explained(error: unknown, action: S3Action): Promise<HelmS3Error> {
    return this.explanations.explained(error, action)
  }

  /**
   * Returns when a body that broke off, or is not as announced, may be asked for again, since the repetition of
   * requests ends with the headers.
   * @param error what reading the body failed with
   * @param attempt the number of this attempt, from 1
   * @throws HelmS3Error the explained error, when the body may not be asked for again
   */
  async refuseToRepeat(error: unknown, attempt: number, action: S3Action): Promise<void> {
    if (attempt === BODY_ATTEMPTS || this.signal?.aborted === true || error instanceof HelmS3Error)
      throw await this.explained(error, action)
  }

  /**
   * The store's clock in an answer, milliseconds since 1970.
   * @throws HelmS3Error `store-failed`: the answer has none, so it is not that of an S3 store
   */
  dateIn(headers: S3Answer['headers'], action: S3Action): number {
    const date = dateOf(headers)
    if (date === undefined) throw this.explanations.foreignAnswer(action)
    return date
  }
}
