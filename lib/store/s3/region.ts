import { signsOf } from './error-signs.ts'

/**
 * Regions that stores have named, by endpoint and bucket. All stores that share this map know what one of them learns.
 */
export type ToldRegions = Map<string, string>

/** The error codes for a malformed signature: of signatures in a header, and of those in the query. */
export const SIGNATURE_MALFORMED: readonly string[] = [
  'AuthorizationHeaderMalformed',
  'AuthorizationQueryParametersError',
]

const REGION = /^[a-z0-9-]{1,63}$/

/**
 * The region of a bucket. It is the configured one until the store answers one of our own signed requests with another
 * region. No extra request is made to find the region, and no host except the endpoint learns the name of the bucket.
 */
export class BucketRegion {
  readonly #place: string
  readonly #configured: string
  readonly #told: ToldRegions
  readonly #detail: (line: string) => void

  constructor(
    { bucket, endpoint }: { readonly bucket: string; readonly endpoint: string | undefined },
    configured: string,
    told: ToldRegions,
    detail: (line: string) => void,
  ) {
    this.#told = told
    this.#place = `${endpoint ?? 'aws'} ${bucket}`
    this.#configured = configured
    this.#detail = detail
  }

  get current(): string {
    return this.#told.get(this.#place) ?? this.#configured
  }

  learn(region: string): void {
    this.#detail(`helm-s3: the store says that the bucket is in ${region}, not in ${this.current}`)
    this.#told.set(this.#place, region)
  }
}

/**
 * The region that a refusal names: in its header (301 PermanentRedirect, 307 TemporaryRedirect, 400 without a body as
 * the answer to HEAD), or in the body of AuthorizationHeaderMalformed and AuthorizationQueryParametersError.
 */
export function regionTold(error: unknown): string | undefined {
  const { message, name, status } = signsOf(error)
  if (status !== 301 && status !== 307 && status !== 400) return undefined
  const { $response: response, Region: field } = error as {
    $response?: { headers?: Readonly<Record<string, string>> }
    Region?: unknown
  }
  const header = response?.headers?.['x-amz-bucket-region']
  const text = SIGNATURE_MALFORMED.includes(name) ? (field ?? /expecting '([^']+)'/.exec(message)?.[1]) : undefined
  const told = header ?? text
  return typeof told === 'string' && REGION.test(told) ? told : undefined
}
