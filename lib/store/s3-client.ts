import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import type { ConnectionSettings } from '../settings/connection.ts'
import { silenceSdk } from '../sys/silence-sdk.ts'
import { type CredentialSource, findCredentials } from './s3-credentials.ts'
import { type Profile, readProfile } from './s3-profile.ts'
import { BucketRegion, followRegion } from './s3-region.ts'
import { createAgents } from './s3-transport.ts'

export type Sdk = typeof import('./s3-sdk.ts')

/** The SDK and two clients on one pool of connections, for one bucket. */
export interface S3Clients {
  readonly sdk: Sdk
  /** Repeats a request that failed, with back-off and jitter. */
  readonly reading: S3Client
  /** Sends each request once: a PUT or DELETE that is sent again may meet what came in between. */
  readonly mutating: S3Client
  /** URL of a store other than AWS. */
  readonly endpoint: string | undefined
  readonly region: BucketRegion
  readonly profile: string | undefined
  /** Who signs. Decided once, with the first request. */
  credentials(): Promise<CredentialSource>
}

const READ_ATTEMPTS = 4
const CONNECT = 5000
const DEFAULT_REGION = 'us-east-1'

const silent = (): void => undefined
const SILENT = { trace: silent, debug: silent, info: silent, warn: silent, error: silent }

/**
 * Loads the SDK, which takes most of the start-up time, and makes the clients for one bucket. Nothing is sent yet.
 * @throws HelmS3Error `invalid-config`: a CA bundle that cannot be used
 */
export async function createS3Clients(connection: ConnectionSettings, bucket: string, detail: (line: string) => void): Promise<S3Clients> {
  silenceSdk()
  const [sdk, profile] = await Promise.all([import('./s3-sdk.ts'), readProfile(connection.profile)])
  const endpoint = connection.endpoint ?? (connection.ignoresProfileEndpoint ? undefined : profile.endpoint)
  const region = new BucketRegion(bucket, endpoint, connection.region ?? profile.region ?? DEFAULT_REGION, detail)
  const agents = await createAgents(connection.proxies, connection.caBundle ?? profile.caBundle)

  let source: Promise<CredentialSource> | undefined
  const credentials = (): Promise<CredentialSource> =>
    (source ??= findCredentials(connection, profile, { requestHandler: reading.config.requestHandler, region: stsRegion(connection, profile), logger: SILENT }))

  const settings: S3ClientConfig = {
    ...addressing(connection, endpoint),
    region: async () => region.current,
    profile: profile.name,
    credentials: async () => (await (await credentials()).load?.()) ?? { accessKeyId: 'anonymous', secretAccessKey: 'anonymous' },
    // Not every store answers `100 Continue`, and the SDK waits six seconds for it.
    expectContinueHeader: false,
    // `socketTimeout` counts from the last byte in either direction: an upload that moves is never given up.
    requestHandler: { connectionTimeout: CONNECT, socketTimeout: connection.stall, ...agents },
    // After a 503 SlowDown (or 429) both clients send no faster than the store takes, and speed up again while it does.
    retryMode: 'adaptive',
    logger: SILENT,
  }
  const equip = (client: S3Client): S3Client => {
    noteDates(client)
    sendUnsigned(client, async () => (await credentials()).load === undefined)
    if (connection.followsRegion) followRegion(client, region)
    if (connection.expectedBucketOwner !== undefined) expectOwner(client, connection.expectedBucketOwner)
    return client
  }
  const reading = equip(new sdk.S3Client({ ...settings, maxAttempts: READ_ATTEMPTS }))
  const shared = { requestHandler: reading.config.requestHandler, credentials: reading.config.credentials }
  const mutating = equip(new sdk.S3Client({ ...settings, ...shared, maxAttempts: 1 }))
  return { sdk, reading, mutating, endpoint, region, profile: connection.profile, credentials }
}

function addressing({ pathStyle }: ConnectionSettings, endpoint: string | undefined): S3ClientConfig {
  if (endpoint === undefined) return { forcePathStyle: pathStyle ?? false }
  return {
    endpoint,
    forcePathStyle: pathStyle ?? true,
    // They choose among the endpoints of AWS; beside another endpoint the SDK refuses them.
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    // Stores other than AWS often refuse checksums that they were not asked for (aws/aws-sdk-js-v3#6810).
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  }
}

function stsRegion(connection: ConnectionSettings, profile: Profile): string {
  return connection.region ?? profile.region ?? DEFAULT_REGION
}

/** Puts the `Date` header of each answer where {@link dateOf} finds it. */
function noteDates(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        const result = await next(args)
        noteDate(result.output, result.response)
        return result
      } catch (error) {
        if (typeof error === 'object' && error !== null && '$response' in error) noteDate(error, error.$response)
        throw error
      }
    },
    { step: 'deserialize', name: 'noteDate', priority: 'high' },
  )
}

/** Takes the signature off again when there is nobody to sign: a public bucket asks for none. */
function sendUnsigned(client: S3Client, isAnonymous: () => Promise<boolean>): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      if (await isAnonymous()) {
        const { headers } = args.request as { readonly headers: Record<string, string> }
        for (const name of ['authorization', 'x-amz-date', 'x-amz-content-sha256', 'x-amz-security-token']) delete headers[name]
      }
      return next(args)
    },
    // The SDK signs in this step with a higher priority.
    { step: 'finalizeRequest', name: 'sendUnsigned', priority: 'low' },
  )
}

/** Says with every request whose bucket it has to be: the store refuses all others (403). */
function expectOwner(client: S3Client, account: string): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const { headers } = args.request as { readonly headers: Record<string, string> }
      headers['x-amz-expected-bucket-owner'] = account
      return next(args)
    },
    { step: 'build', name: 'expectOwner' },
  )
}

function noteDate(answer: object | undefined, response: unknown): void {
  const { headers } = response as { readonly headers?: Readonly<Record<string, string>> }
  if (answer !== undefined && '$metadata' in answer) Object.assign(answer.$metadata as object, { date: headers?.date })
}

/** The store's clock in an answer, milliseconds since 1970; undefined when it sent none. */
export function dateOf({ $metadata }: { readonly $metadata: object }): number | undefined {
  const text = 'date' in $metadata && typeof $metadata.date === 'string' ? $metadata.date : ''
  const time = Date.parse(text)
  return Number.isNaN(time) ? undefined : time
}
