import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import { memoize } from '@smithy/core/config'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { ConnectionSettings } from '../settings/connection.ts'
import { systemClock } from '../sys/clock.ts'
import { silenceSdk } from '../sys/silence-sdk.ts'
import { type BucketAddress, plainAddress, sdkAddress } from './s3-address.ts'
import { type CredentialSource, type Keys, findCredentials } from './s3-credentials.ts'
import { type Profile, readProfile } from './s3-profile.ts'
import { BucketRegion, followRegion } from './s3-region.ts'
import { S3Requests } from './s3-requests.ts'
import { createAgents } from './s3-transport.ts'

export type Sdk = typeof import('./s3-sdk.ts')

/** The ways to one bucket, on one pool of connections. */
export interface S3Clients {
  /** Single requests, which are nearly all. */
  readonly requests: S3Requests
  /** The SDK, for copies of large objects and odd addresses; loaded with its first use. It repeats nothing. */
  sdk(): Promise<{ readonly sdk: Sdk; readonly client: S3Client }>
  /** URL of a store other than AWS. */
  readonly endpoint: string | undefined
  readonly region: BucketRegion
  readonly profile: string | undefined
  /** Who signs. Decided once, with the first request. */
  credentials(): Promise<CredentialSource>
}

const CONNECT = 5000
const DEFAULT_REGION = 'us-east-1'
/** Keys that hold for less than this are renewed, milliseconds: as in the SDK. */
const RENEWAL = 5 * 60_000

const silent = (): void => undefined
const SILENT = { trace: silent, debug: silent, info: silent, warn: silent, error: silent }

/**
 * Makes the ways to a bucket. Nothing is sent yet, and the SDK not loaded.
 * @throws HelmS3Error `invalid-config`: a CA bundle that cannot be used
 */
export async function createS3Clients(connection: ConnectionSettings, bucket: string, detail: (line: string) => void): Promise<S3Clients> {
  const profile = await readProfile(connection.profile)
  const endpoint = connection.endpoint ?? (connection.ignoresProfileEndpoint ? undefined : profile.endpoint)
  const region = new BucketRegion(bucket, endpoint, connection.region ?? profile.region ?? DEFAULT_REGION, detail)
  const agents = await createAgents(connection.proxies, connection.caBundle ?? profile.caBundle)
  // `socketTimeout` counts from the last byte in either direction: an upload that moves is never given up.
  const handler = new NodeHttpHandler({ connectionTimeout: CONNECT, socketTimeout: connection.stall, logger: SILENT, ...agents })

  let source: Promise<CredentialSource> | undefined
  const credentials = (): Promise<CredentialSource> =>
    (source ??= findCredentials(connection, profile, { requestHandler: handler, region: stsRegion(connection, profile), logger: SILENT }))
  const keys = memoize(
    async (): Promise<Keys | undefined> => (await credentials()).load?.(),
    (known) => known?.expiration !== undefined && known.expiration.getTime() - systemClock.now() < RENEWAL,
    (known) => known?.expiration !== undefined,
  )

  const openSdk = async (): Promise<{ readonly sdk: Sdk; readonly client: S3Client }> => {
    silenceSdk()
    const sdk = await import('./s3-sdk.ts')
    const client = new sdk.S3Client({
      ...addressing(connection, endpoint),
      region: async () => region.current,
      profile: profile.name,
      credentials: async () => (await keys()) ?? { accessKeyId: 'anonymous', secretAccessKey: 'anonymous' },
      // Not every store answers `100 Continue`, and the SDK waits six seconds for it.
      expectContinueHeader: false,
      requestHandler: handler,
      maxAttempts: 1,
      logger: SILENT,
    })
    noteDates(client)
    sendUnsigned(client, async () => (await credentials()).load === undefined)
    if (connection.followsRegion) followRegion(client, region)
    if (connection.expectedBucketOwner !== undefined) expectOwner(client, connection.expectedBucketOwner)
    return { sdk, client }
  }
  let opened: ReturnType<typeof openSdk> | undefined
  const sdk = (): ReturnType<typeof openSdk> => (opened ??= openSdk())

  const variants = { ...connection, hasEndpointVariants: connection.hasEndpointVariants || profile.hasEndpointVariants }
  const addresses = new Map<string, Promise<BucketAddress>>()
  const findAddress = async (name: string): Promise<BucketAddress> => plainAddress(variants, endpoint, bucket, name) ?? sdkAddress((await sdk()).client, bucket)
  const addressIn = (name: string): Promise<BucketAddress> => {
    const address = addresses.get(name) ?? findAddress(name)
    addresses.set(name, address)
    return address
  }
  const requests = new S3Requests({
    handler,
    region,
    followsRegion: connection.followsRegion,
    headers: connection.expectedBucketOwner === undefined ? {} : { [OWNER_HEADER]: connection.expectedBucketOwner },
    addressIn,
    keys,
  })
  return { requests, sdk, endpoint, region, profile: connection.profile, credentials }
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

const OWNER_HEADER = 'x-amz-expected-bucket-owner'

/** Puts the `Date` header of each answer where `dateOf` finds it. */
function noteDates(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args)
      const { headers } = result.response as { readonly headers?: Readonly<Record<string, string>> }
      Object.assign((result.output as { readonly $metadata: object }).$metadata, { date: headers?.['date'] })
      return result
    },
    { step: 'deserialize', name: 'noteDates', priority: 'high' },
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
      headers[OWNER_HEADER] = account
      return next(args)
    },
    { step: 'build', name: 'expectOwner' },
  )
}
