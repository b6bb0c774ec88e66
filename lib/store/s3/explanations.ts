import { HelmS3Error } from '../../errors.ts'
import type { ConnectionSettings } from '../../settings/connection.ts'
import { proxyFor } from '../../settings/proxy.ts'
import type { ETag } from '../object-store.ts'
import { type S3Action, type S3Surroundings, describeAction } from './action.ts'
import type { S3Clients } from './connect.ts'
import { toHelmS3Error, withoutCredentials } from './errors.ts'
import { regionTold } from './region.ts'

/** The errors of one bucket: they say how it was asked (endpoint, region, identity, proxy), and what to do next. */
export class Explanations {
  readonly #clients: Omit<S3Clients, 'requests'>
  readonly #connection: Pick<ConnectionSettings, 'expectedBucketOwner' | 'proxies'>
  readonly #bucket: string

  constructor(
    clients: Omit<S3Clients, 'requests'>,
    connection: Pick<ConnectionSettings, 'expectedBucketOwner' | 'proxies'>,
    bucket: string,
  ) {
    this.#clients = clients
    this.#connection = connection
    this.#bucket = bucket
  }

  /** The error of this program for what a request failed with; one of this program stays as it is. */
  async explained(error: unknown, action: S3Action): Promise<HelmS3Error> {
    return error instanceof HelmS3Error
      ? error
      : toHelmS3Error(error, action, { ...(await this.#surroundings()), told: regionTold(error) })
  }

  /** The error for a mutation that is not sent because nobody could sign it. */
  async withoutCredentials(action: S3Action): Promise<HelmS3Error> {
    return withoutCredentials(action, await this.#surroundings())
  }

  /**
   * The error for an inconsistent listing. Nothing continues from it, because existing charts would seem to be gone.
   */
  unsoundListing(action: S3Action): HelmS3Error {
    return new HelmS3Error('store-failed', `${describeAction(action)}: the listing is not consistent`, {
      hint:
        `it is cut off, or not that of an S3 store: look at what stands between here and ` +
        `${this.#place}; nothing was concluded from it`,
    })
  }

  /** The error for an answer that does not come from the store, such as the login page of a proxy with status 200. */
  foreignAnswer({ bucket, key }: S3Action): HelmS3Error {
    return new HelmS3Error('store-failed', `s3://${bucket}/${key}: the answer is not that of an S3 store`, {
      hint: `look at what stands between here and ${this.#place}: a proxy, a login page, a wrong endpoint`,
    })
  }

  /** The error for a store in which nothing can be replaced: it refuses the ETag that it shows, in both forms. */
  refusesShownETag(action: S3Action, etag: ETag): HelmS3Error {
    return new HelmS3Error(
      'unsupported-store',
      `${describeAction(action)}: the store refuses If-Match with ${etag}, the very ETag that it shows`,
      {
        hint:
          `nothing can be replaced at ${this.#place}; \`helm s3 check REPO --probe\` says ` +
          `what it keeps to, see docs/STORES.md`,
      },
    )
  }

  get #place(): string {
    return this.#clients.endpoint ?? 'AWS'
  }

  async #surroundings(): Promise<S3Surroundings> {
    const { endpoint, profile, region } = this.#clients
    const { load, tried, who } = await this.#clients.credentials()
    return {
      endpoint,
      region: region.current,
      identity: who,
      unsigned: load === undefined ? tried : undefined,
      profile,
      expectedBucketOwner: this.#connection.expectedBucketOwner,
      proxy: this.#proxy(),
    }
  }

  /** The proxy, without the name and the password that may stand in its URL. */
  #proxy(): string | undefined {
    const { proxies } = this.#connection
    if (proxies === undefined) return undefined
    const proxy = proxyFor(
      this.#clients.endpoint ?? `https://${this.#bucket}.s3.${this.#clients.region.current}.amazonaws.com`,
      proxies,
    )
    return proxy === '' ? undefined : new URL(proxy).host
  }
}
