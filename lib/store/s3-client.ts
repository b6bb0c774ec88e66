import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import { silenceSdk } from '../sys/silence-sdk.ts'
import type { S3Config } from './s3-config.ts'

export type Sdk = typeof import('./s3-sdk.ts')

/** The SDK and two clients on one pool of connections. */
export interface S3Clients {
  readonly sdk: Sdk
  /** Repeats a request that failed, with back-off and jitter. */
  readonly reading: S3Client
  /** Sends each request once: a PUT or DELETE that is sent again may meet what came in between. */
  readonly mutating: S3Client
}

const READ_ATTEMPTS = 4
const CONNECT = 5000
const DEFAULT_REGION = 'us-east-1'

/** Loads the SDK, which takes most of the start-up time, and makes the clients for one bucket. */
export async function createS3Clients(config: S3Config): Promise<S3Clients> {
  silenceSdk()
  const sdk = await import('./s3-sdk.ts')
  const settings = await clientSettings(sdk, config)
  const reading = noteDates(new sdk.S3Client({ ...settings, maxAttempts: READ_ATTEMPTS }))
  const shared = { requestHandler: reading.config.requestHandler, credentials: reading.config.credentials }
  const mutating = noteDates(new sdk.S3Client({ ...settings, ...shared, maxAttempts: 1 }))
  return { sdk, reading, mutating }
}

async function clientSettings(sdk: Sdk, config: S3Config): Promise<S3ClientConfig> {
  const silent = (): void => undefined
  const isCustom = config.endpoint !== undefined
  return {
    region: config.region ?? (isCustom ? DEFAULT_REGION : await profileRegion(sdk, config)),
    ...(config.endpoint === undefined ? { followRegionRedirects: true } : { endpoint: config.endpoint, forcePathStyle: true }),
    ...(config.profile === undefined ? {} : { profile: config.profile }),
    ...(config.credentials === undefined ? {} : { credentials: config.credentials }),
    // Stores other than AWS often refuse checksums that they were not asked for (aws/aws-sdk-js-v3#6810).
    ...(isCustom ? { requestChecksumCalculation: 'WHEN_REQUIRED', responseChecksumValidation: 'WHEN_REQUIRED' } : {}),
    // Not every store answers `100 Continue`, and the SDK waits six seconds for it.
    expectContinueHeader: false,
    // `socketTimeout` counts from the last byte in either direction: an upload that moves is never given up.
    requestHandler: { connectionTimeout: CONNECT, socketTimeout: config.stall },
    logger: { trace: silent, debug: silent, info: silent, warn: silent, error: silent },
  }
}

async function profileRegion(sdk: Sdk, { profile }: S3Config): Promise<string> {
  try {
    return await new sdk.S3Client(profile === undefined ? {} : { profile }).config.region()
  } catch {
    return DEFAULT_REGION
  }
}

/** Puts the `Date` header of each answer where {@link dateOf} finds it. */
function noteDates(client: S3Client): S3Client {
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args)
      const { headers } = result.response as { readonly headers?: Readonly<Record<string, string>> }
      if (result.output !== undefined) Object.assign(result.output.$metadata, { date: headers?.date })
      return result
    },
    { step: 'deserialize', name: 'noteDate', priority: 'high' },
  )
  return client
}

/** The store's clock in an answer, milliseconds since 1970; undefined when it sent none. */
export function dateOf({ $metadata }: { readonly $metadata: object }): number | undefined {
  const text = 'date' in $metadata && typeof $metadata.date === 'string' ? $metadata.date : ''
  const time = Date.parse(text)
  return Number.isNaN(time) ? undefined : time
}
