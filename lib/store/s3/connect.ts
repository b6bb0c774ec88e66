import { memoize } from '@smithy/core/config'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { type ConnectionSettings, checksumCalculation } from '../../settings/connection.ts'
import type { Sourced } from '../../settings/sources.ts'
import type { Clock } from '../../sys/clock.ts'
import { silenceSdk } from '../../sys/silence-sdk.ts'
import { type BucketAddress, plainAddress, sdkAddress } from './address.ts'
import { type CredentialSource, type Keys, findCredentials } from './credentials.ts'
import { readProfile } from './profile.ts'
import { BucketRegion, type ToldRegions } from './region.ts'
import { S3Requests } from './requests.ts'
import { createAgents } from './transport.ts'

/** The connection to one bucket. */
export interface S3Clients {
  readonly requests: S3Requests
  /** The URL of a store other than AWS. Undefined: AWS. */
  readonly endpoint: string | undefined
  readonly region: BucketRegion
  readonly profile: string | undefined
  /** See {@link ObjectStore.place}. */
  readonly place: string
  /** Where the credentials come from. This is decided once, with the first request. */
  credentials(): Promise<CredentialSource>
}

const CONNECT = 5000
const DEFAULT_REGION = 'us-east-1'
const OWNER_HEADER = 'x-amz-expected-bucket-owner'
/** Milliseconds. Credentials that expire sooner than this are renewed, as in the SDK. */
const RENEWAL = 5 * 60_000

const silent = (): void => undefined
const SILENT = { trace: silent, debug: silent, info: silent, warn: silent, error: silent }

/** Where messages go, which clock is used, and which regions are known already. */
export interface ConnectionSurroundings {
  readonly clock: Clock
  readonly detail: (line: string) => void
  readonly notice: (line: string) => void
  readonly regions: ToldRegions
}

/**
 * Prepares the connection to a bucket. Nothing is sent yet.
 * @throws HelmS3Error `invalid-config`: a CA bundle, or another value of the profile, that cannot be used
 */
export async function createS3Clients(
  connection: ConnectionSettings,
  bucket: string,
  { clock, detail, notice, regions }: ConnectionSurroundings,
): Promise<S3Clients> {
  // The providers of credentials are clients of the SDK, too.
  silenceSdk()
  const profile = await readProfile(connection.profile)
  const endpoint = connection.endpoint ?? (connection.ignoresProfileEndpoint ? undefined : profile.endpoint)
  const configured = connection.region ?? profile.region ?? DEFAULT_REGION
  const region = new BucketRegion({ bucket, endpoint }, configured, regions, detail)
  const agents = await createAgents(connection.proxies, connection.caBundle ?? profile.caBundle)
  // `socketTimeout` counts from the last byte in either direction, so an upload that makes progress is never given up.
  const handler = new NodeHttpHandler({
    connectionTimeout: CONNECT,
    socketTimeout: connection.stall,
    logger: SILENT,
    ...agents,
  })

  let source: Promise<CredentialSource> | undefined
  const credentials = (): Promise<CredentialSource> =>
    (source ??= findCredentials(connection, profile, { requestHandler: handler, region: configured, logger: SILENT }))
  const keys = memoize(
    async (): Promise<Keys | undefined> => (await credentials()).load?.(),
    (known) => known?.expiration !== undefined && known.expiration.getTime() - clock.now() < RENEWAL,
    (known) => known?.expiration !== undefined,
  )

  const variants = { ...connection, hasEndpointVariants: connection.hasEndpointVariants || profile.hasEndpointVariants }
  const addresses = new Map<string, Promise<BucketAddress>>()
  const findAddress = async (name: string): Promise<BucketAddress> =>
    plainAddress(variants, endpoint, bucket, name) ??
    sdkAddress(connection, { bucket, endpoint, profile: profile.name, region: name })
  const addressIn = (name: string): Promise<BucketAddress> => {
    const address = addresses.get(name) ?? findAddress(name)
    addresses.set(name, address)
    return address
  }
  const requests = new S3Requests({
    handler,
    clock,
    place: endpoint ?? 'AWS',
    notice,
    region,
    followsRegion: connection.followsRegion,
    headers: connection.expectedBucketOwner === undefined ? {} : { [OWNER_HEADER]: connection.expectedBucketOwner },
    sendsChecksums: connection.sendsChecksums ?? checksumCalculation(fromProfile(profile.checksumCalculation)) ?? true,
    addressIn,
    keys,
    detail,
  })
  const place = JSON.stringify([
    endpoint ?? 'aws',
    configured,
    bucket,
    connection.pathStyle ?? null,
    accountOf(connection, profile.name),
  ])
  return { requests, endpoint, region, profile: connection.profile, place, credentials }
}

/**
 * The account of the bucket, as far as it is known before anything is sent: one name may mean several buckets at one
 * endpoint. The keys of a session change all the time, but the first twelve characters of AWS keys identify the
 * account.
 */
function accountOf({ credentials, webIdentity }: ConnectionSettings, profile: string): string {
  if (credentials !== undefined)
    return (
      `key ` +
      `${credentials.sessionToken === undefined ? credentials.accessKeyId : credentials.accessKeyId.slice(0, 12)}`
    )
  return webIdentity === undefined ? `profile ${profile}` : `role ${webIdentity.roleArn}`
}

function fromProfile(value: string | undefined): Sourced | undefined {
  return value === undefined ? undefined : { value, from: 'request_checksum_calculation of the profile' }
}
