/** Environment variables, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

export interface StaticCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** How to reach a store, and what to say with every object. */
export interface S3Config {
  /** URL of a store other than AWS; then keys are addressed in path style, and checksums are left out unless required. */
  readonly endpoint: string | undefined
  /** Undefined: the profile's, else us-east-1. */
  readonly region: string | undefined
  readonly profile: string | undefined
  /** Undefined: the SDK's chain (profile, web identity, container, instance). */
  readonly credentials: StaticCredentials | undefined
  /** Canned ACL of every object that is written. */
  readonly acl: string | undefined
  /** `x-amz-server-side-encryption` of every object that is written. */
  readonly sse: string | undefined
  /** A request is given up after this many milliseconds without progress. */
  readonly stall: number
}

const STALL = 20_000

/**
 * Reads the environment as the Go plugin does: `AWS_ENDPOINT` (host:port or URL) with `AWS_DISABLE_SSL`, the SDK's own
 * `AWS_ENDPOINT_URL_S3` and `AWS_ENDPOINT_URL` before it; static keys win over a profile; `AWS_DEFAULT_REGION`, which the
 * JavaScript SDK does not read. An empty variable counts as absent.
 */
export function s3ConfigFromEnvironment(env: Environment, acl?: string): S3Config {
  const read = (...names: readonly string[]): string | undefined => names.map((name) => env[name]).find((value) => value !== undefined && value !== '')
  const accessKeyId = read('AWS_ACCESS_KEY_ID')
  const secretAccessKey = read('AWS_SECRET_ACCESS_KEY')
  const sessionToken = read('AWS_SESSION_TOKEN')
  return {
    endpoint: read('AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL') ?? goEndpoint(read('AWS_ENDPOINT'), read('AWS_DISABLE_SSL') === 'true'),
    region: read('HELM_S3_REGION', 'AWS_REGION', 'AWS_DEFAULT_REGION'),
    profile: read('AWS_PROFILE', 'AWS_DEFAULT_PROFILE'),
    credentials:
      accessKeyId === undefined || secretAccessKey === undefined
        ? undefined
        : { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    acl,
    sse: read('AWS_S3_SSE'),
    stall: STALL,
  }
}

function goEndpoint(endpoint: string | undefined, isPlain: boolean): string | undefined {
  if (endpoint === undefined || /^https?:\/\//i.test(endpoint)) return endpoint
  return `${isPlain ? 'http' : 'https'}://${endpoint}`
}
