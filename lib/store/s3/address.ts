import type { ConnectionSettings } from '../../settings/connection.ts'
import { HelmS3Error } from '../../errors.ts'
import { uriEncodePath } from './uri-encode.ts'

/** Where the requests for a bucket go, and how they are signed. */
export interface BucketAddress {
  readonly protocol: 'http:' | 'https:'
  readonly hostname: string
  /** Undefined: the default port of the protocol. */
  readonly port: number | undefined
  /** The path of the bucket, encoded, without a slash at its end. It is '' where the host name contains the bucket. */
  readonly path: string
  readonly signing: { readonly service: string; readonly region: string }
}

/** Names of buckets that can be part of a host name, except those that mean something else on AWS. */
const PLAIN_BUCKET = /^(?!xn--|sthree-)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/
const SPECIAL_BUCKET = /--[a-z]+-s3$|-s3alias$/
/** Regions of the partition `aws`, whose hosts are below amazonaws.com. */
const PLAIN_REGION = /^(?:af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-\d$/

/**
 * The address, when the names alone determine it: in path style at an endpoint, and for the usual buckets and regions
 * of AWS ("Virtual hosting of buckets" in the Amazon S3 User Guide). Undefined: the rules of the SDK must decide.
 * Loading these takes most of the time of a short command.
 */
export function plainAddress(
  connection: ConnectionSettings,
  endpoint: string | undefined,
  bucket: string,
  region: string,
): BucketAddress | undefined {
  const signing = { service: 's3', region }
  if (endpoint !== undefined) {
    if (connection.pathStyle === false) return undefined
    return addressOf(new URL(endpoint), `/${uriEncodePath(bucket)}`, signing)
  }
  const isPlain = PLAIN_BUCKET.test(bucket) && !SPECIAL_BUCKET.test(bucket) && PLAIN_REGION.test(region)
  if (!isPlain || connection.hasEndpointVariants || connection.pathStyle === true) return undefined
  return { protocol: 'https:', hostname: `${bucket}.s3.${region}.amazonaws.com`, port: undefined, path: '', signing }
}

/**
 * The address by the rules of the SDK, which also reads the environment and the profile for them.
 * @throws HelmS3Error `unsupported-store`: a kind of bucket that needs another kind of signature
 */
export async function sdkAddress(
  { pathStyle }: Pick<ConnectionSettings, 'pathStyle'>,
  {
    bucket,
    endpoint,
    profile,
    region,
  }: {
    readonly bucket: string
    readonly endpoint: string | undefined
    readonly profile?: string
    readonly region: string
  },
): Promise<BucketAddress> {
  const { GetObjectCommand, S3Client, getEndpointFromInstructions } = await import('./sdk.ts')
  // FIPS and dual-stack choose among the endpoints of AWS. The SDK refuses them together with another endpoint.
  const own = endpoint === undefined ? {} : { endpoint, useFipsEndpoint: false, useDualstackEndpoint: false }
  const { config } = new S3Client({
    region,
    ...(profile === undefined ? {} : { profile }),
    forcePathStyle: pathStyle ?? endpoint !== undefined,
    ...own,
  })
  const { properties, url } = await getEndpointFromInstructions(
    { Bucket: bucket, Key: 'key' },
    GetObjectCommand,
    config as object,
  )
  const [scheme] = (properties?.['authSchemes'] ?? []) as readonly {
    readonly name: string
    readonly signingName?: string
    readonly signingRegion?: string
  }[]
  if (scheme !== undefined && scheme.name !== 'sigv4') {
    throw new HelmS3Error(
      'unsupported-store',
      `bucket ${bucket} takes signatures of kind ${scheme.name} only, which this program does not make`,
      {
        hint: 'use a general purpose bucket: directory buckets and multi-region access points cannot hold a repository',
      },
    )
  }
  return addressOf(url, '', { service: scheme?.signingName ?? 's3', region: scheme?.signingRegion ?? region })
}

function addressOf(
  { hostname, pathname, port, protocol }: URL,
  path: string,
  signing: BucketAddress['signing'],
): BucketAddress {
  return {
    protocol: protocol === 'http:' ? 'http:' : 'https:',
    hostname,
    port: port === '' ? undefined : Number(port),
    path: pathname.replace(/\/+$/, '') + path,
    signing,
  }
}
