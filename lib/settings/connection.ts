import { HelmS3Error } from '../errors.ts'
import { type Environment, isGoFalse, isGoTrue, readVariable } from './environment.ts'
import { type ProxyVariables, proxyVariables } from './proxy.ts'
import { type SettingFlags, type Sourced, fromEnvironment, fromFlag, unusable } from './sources.ts'

export interface StaticCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** A role that is assumed with a token from a file, as on Kubernetes (IRSA). */
export interface WebIdentity {
  readonly roleArn: string
  readonly tokenFile: string
}

/** How a bucket is reached, as far as it is known before the first request and before a profile is read. */
export interface ConnectionSettings {
  /** The URL of a store other than AWS. Undefined: the profile decides, else AWS. */
  readonly endpoint: string | undefined
  /**
   * The region of the first request; the store may name another one. Undefined: the profile decides, else us-east-1.
   */
  readonly region: string | undefined
  /** A profile in the shared files of AWS. Undefined: `default`, if it exists. */
  readonly profile: string | undefined
  readonly credentials: StaticCredentials | undefined
  readonly webIdentity: WebIdentity | undefined
  /** Whether the environment names the credentials of a container, as on ECS and with EKS Pod Identity. */
  readonly hasContainer: boolean
  readonly asksInstance: boolean
  /** The account that must own the bucket, which is sent with every request. Undefined: any account. */
  readonly expectedBucketOwner: string | undefined
  /** Whether a request that the store redirects to another region is repeated there. */
  readonly followsRegion: boolean
  /** Whether the URL has the bucket in its path. Undefined: it has for every store except AWS. */
  readonly pathStyle: boolean | undefined
  /** Whether the environment asks for FIPS or dual-stack endpoints, which the SDK can find. */
  readonly hasEndpointVariants: boolean
  /** Whether `endpoint_url` of a profile is ignored. */
  readonly ignoresProfileEndpoint: boolean
  /** A PEM file of CAs that are trusted in addition to those of the system. Undefined: the profile decides. */
  readonly caBundle: string | undefined
  /** Whether objects are sent with their checksum. Undefined: the profile decides, else they are. */
  readonly sendsChecksums: boolean | undefined
  /** Undefined: no proxy is used for any URL. */
  readonly proxies: ProxyVariables | undefined
  /** A request is given up after this many milliseconds without progress. */
  readonly stall: number
}

/** The part of a repository URL after `?`. */
export type ConnectionQuery = Pick<URLSearchParams, 'get' | 'getAll' | 'keys'>

/** The names that this part may hold. */
const QUERY_NAMES = ['region', 'endpoint', 'profile']

const STALL = 20_000
const REGION = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})$/

/**
 * Finds the settings: a flag comes first, then the query of the repository URL, then the environment. The profile comes
 * last, when the bucket is opened.
 *
 * In addition to the SDK's variables this reads those of the Go plugin: `AWS_ENDPOINT` (host:port or URL) with
 * `AWS_DISABLE_SSL`, `HELM_S3_REGION`, `AWS_DEFAULT_REGION`, `AWS_DEFAULT_PROFILE`. Keys and web identities of the
 * environment take precedence over `AWS_PROFILE`, as in the SDK of the Go plugin. A profile that is named for this
 * program alone takes precedence over them.
 * @throws HelmS3Error `usage`, `invalid-url`, `invalid-config`: a value that cannot be used
 */
export function connectionSettings(
  flags: SettingFlags,
  query: ConnectionQuery | undefined,
  env: Environment,
): ConnectionSettings {
  refuseUnknownNames(query)
  const own = (flag: string, ...variables: readonly string[]): Sourced | undefined =>
    notEmpty(fromFlag(flags, flag)) ??
    fromQuery(query, flag === 'endpoint-url' ? 'endpoint' : flag) ??
    fromEnvironment(env, ...variables)
  const ownProfile = own('profile', 'HELM_S3_PROFILE')
  return {
    endpoint: endpointUrl(
      own('endpoint-url', 'HELM_S3_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL', 'AWS_ENDPOINT'),
      env,
    ),
    region: region(own('region', 'HELM_S3_REGION', 'AWS_REGION', 'AWS_DEFAULT_REGION')),
    profile: ownProfile?.value ?? readVariable(env, 'AWS_PROFILE', 'AWS_DEFAULT_PROFILE'),
    credentials: ownProfile === undefined ? staticCredentials(env) : undefined,
    webIdentity: ownProfile === undefined ? webIdentity(env) : undefined,
    hasContainer:
      readVariable(env, 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'AWS_CONTAINER_CREDENTIALS_FULL_URI') !== undefined,
    asksInstance: (readVariable(env, 'AWS_EC2_METADATA_DISABLED') ?? 'false').toLowerCase() === 'false',
    expectedBucketOwner: accountId(
      notEmpty(fromFlag(flags, 'expected-bucket-owner')) ?? fromEnvironment(env, 'HELM_S3_EXPECTED_BUCKET_OWNER'),
    ),
    followsRegion: !isGoFalse(env['HELM_S3_DYNAMIC_REGION_ENABLED']),
    pathStyle: pathStyle(env['HELM_S3_FORCE_PATH_STYLE']),
    hasEndpointVariants: readVariable(env, 'AWS_USE_FIPS_ENDPOINT', 'AWS_USE_DUALSTACK_ENDPOINT') !== undefined,
    ignoresProfileEndpoint: isGoTrue(env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS']),
    caBundle: readVariable(env, 'AWS_CA_BUNDLE'),
    sendsChecksums: checksumCalculation(fromEnvironment(env, 'AWS_REQUEST_CHECKSUM_CALCULATION')),
    proxies: proxyVariables(env),
    stall: STALL,
  }
}

/**
 * Refuses unknown names. Otherwise a name with a typing error would have no effect, and the requests would go
 * elsewhere.
 * @throws HelmS3Error `invalid-url`
 */
function refuseUnknownNames(query: ConnectionQuery | undefined): void {
  const hint = `there are ${QUERY_NAMES.map((name) => `?${name}=`).join(', ')}, each once`
  for (const name of query?.keys() ?? []) {
    if (!QUERY_NAMES.includes(name))
      throw new HelmS3Error('invalid-url', `?${name}= of the repository URL is unknown`, { hint })
    if (new Set(query?.getAll(name)).size > 1)
      throw new HelmS3Error('invalid-url', `?${name}= occurs twice in the repository URL`, { hint })
  }
}

function notEmpty(sourced: Sourced | undefined): Sourced | undefined {
  return sourced?.value === '' ? undefined : sourced
}

function fromQuery(query: ConnectionQuery | undefined, name: string): Sourced | undefined {
  const value = query?.get(name) ?? ''
  return value === '' ? undefined : { value, from: `?${name}=` }
}

/**
 * The URL of an endpoint that is given as a URL, or as host:port, which means https unless `AWS_DISABLE_SSL` is exactly
 * `true`.
 */
function endpointUrl(given: Sourced | undefined, env: Environment): string | undefined {
  if (given === undefined) return undefined
  const isPlain = env['AWS_DISABLE_SSL'] === 'true'
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(given.value)
    ? given.value
    : `${isPlain ? 'http' : 'https'}://${given.value}`
  const hint = 'write it as https://HOST:PORT, or as HOST:PORT'
  if (!URL.canParse(text)) throw unusable(given, 'not a URL', hint)
  const { password, protocol, username } = new URL(text)
  if (protocol !== 'http:' && protocol !== 'https:') throw unusable(given, 'not an http or https URL', hint)
  if (username !== '' || password !== '')
    throw unusable({ ...given, value: '…' }, 'a URL with a user name or a password', hint)
  return text
}

function region(given: Sourced | undefined): string | undefined {
  if (given !== undefined && !REGION.test(given.value))
    throw unusable(given, 'not the name of a region', 'regions look like eu-central-1')
  return given?.value
}

function accountId(given: Sourced | undefined): string | undefined {
  if (given !== undefined && !/^\d{12}$/.test(given.value))
    throw unusable(given, 'not an account id', 'an AWS account id has twelve digits')
  return given?.value
}

function pathStyle(text: string | undefined): boolean | undefined {
  if (isGoTrue(text)) return true
  return isGoFalse(text) ? false : undefined
}

/**
 * Whether the setting of the AWS SDKs for checksums asks for one with each object: `when_supported` does, and
 * `when_required` does not, because S3 requires none for an object.
 * @throws HelmS3Error `invalid-config`
 */
export function checksumCalculation(given: Sourced | undefined): boolean | undefined {
  const value = given?.value.toLowerCase()
  if (given !== undefined && value !== 'when_supported' && value !== 'when_required')
    throw unusable(given, 'must be when_supported or when_required')
  return value === undefined ? undefined : value === 'when_supported'
}

function staticCredentials(env: Environment): StaticCredentials | undefined {
  const accessKeyId = readVariable(env, 'AWS_ACCESS_KEY_ID')
  const secretAccessKey = readVariable(env, 'AWS_SECRET_ACCESS_KEY')
  const sessionToken = readVariable(env, 'AWS_SESSION_TOKEN')
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
}

function webIdentity(env: Environment): WebIdentity | undefined {
  const roleArn = readVariable(env, 'AWS_ROLE_ARN')
  const tokenFile = readVariable(env, 'AWS_WEB_IDENTITY_TOKEN_FILE')
  return roleArn === undefined || tokenFile === undefined ? undefined : { roleArn, tokenFile }
}
