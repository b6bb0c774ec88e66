import { type ErrorCode, HelmS3Error } from '../errors.ts'

/** What was asked of the store, for messages. */
export interface S3Action {
  /** The name in an IAM policy. */
  readonly permission: 's3:ListBucket' | 's3:GetObject' | 's3:PutObject' | 's3:DeleteObject'
  readonly bucket: string
  /** Key, or prefix of a listing. */
  readonly key: string
  readonly endpoint: string | undefined
}

/** What an error of the SDK tells: names differ between run times, `code` and the status do not. */
interface Signs {
  readonly status: number | undefined
  /** Code of the S3 error, or name of the exception. */
  readonly name: string
  /** Code of the system error. */
  readonly code: string
  readonly message: string
}

const NOT_CONNECTED = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ERR_INVALID_URL']
const TLS = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|ERR_SSL|EPROTO/

/** HTTP status of an error; undefined when no answer came. */
export function statusOf(error: unknown): number | undefined {
  return signsOf(error).status
}

/** Whether the error is the store's word that the object does not exist (the bucket does). */
export function isMissingObject(error: unknown): boolean {
  const { name, status } = signsOf(error)
  return status === 404 && name !== 'NoSuchBucket'
}

/**
 * Whether a mutation that failed like this may have been carried out all the same: no answer came after it was sent, or the
 * store failed while it worked on it. A store that could not be reached at all, and one that refused, have done nothing.
 */
export function isAmbiguous(error: unknown): boolean {
  const { code, name, status } = signsOf(error)
  if (status !== undefined && status !== 200) return status >= 500 ? status !== 501 : status === 408 || status === 429
  return !NOT_CONNECTED.includes(code) && !TLS.test(code) && !isWithoutCredentials(name)
}

/** The error of this program for an error of the SDK. Never holds a secret. */
export function toHelmS3Error(error: unknown, action: S3Action): HelmS3Error {
  if (error instanceof HelmS3Error) return error
  const signs = signsOf(error)
  const { code, hint } = classify(signs, action)
  const what = signs.name === 'Unknown' || signs.name === 'UnknownError' ? `status ${String(signs.status)}` : signs.name
  const detail = signs.message === '' || signs.message === what || signs.message === 'UnknownError' ? what : `${what}: ${signs.message}`
  return new HelmS3Error(code, `${describeAction(action)}: ${detail}`, { cause: error, ...(hint === undefined ? {} : { hint }) })
}

function describeAction({ bucket, key, permission }: S3Action): string {
  const verb = { 's3:ListBucket': 'list', 's3:GetObject': 'read', 's3:PutObject': 'write', 's3:DeleteObject': 'delete' }[permission]
  return `${verb} s3://${bucket}/${key}`
}

function classify({ code, message, name, status }: Signs, action: S3Action): { readonly code: ErrorCode; readonly hint?: string } {
  const { bucket, endpoint, permission } = action
  const where = endpoint ?? 'AWS'
  if (isWithoutCredentials(name)) {
    return { code: 'denied', hint: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; tried: environment, profile, SSO, web identity, container, instance' }
  }
  if (name === 'NoSuchBucket') return { code: 'missing-bucket', hint: `there is no bucket ${bucket} at ${where}: create it, or look at the name and the endpoint` }
  if (status === 501 || (status === 400 && name === 'NotImplemented')) {
    return { code: 'unsupported-store', hint: `${where} does not implement what this request needs; see docs/STORES.md` }
  }
  if (name === 'InvalidAccessKeyId' || name === 'SignatureDoesNotMatch' || name === 'InvalidToken' || name === 'ExpiredToken') {
    return { code: 'denied', hint: `${where} does not accept these credentials: look at the keys, the session token and the endpoint` }
  }
  if (status === 401 || status === 403) {
    return { code: 'denied', hint: `these credentials need ${permission} here; ${where} may also answer so when the bucket is not yours` }
  }
  if (status === 301 || status === 307) return { code: 'store-failed', hint: `the bucket is in another region: set AWS_REGION` }
  if (status !== undefined && status !== 200) return { code: 'store-failed', hint: 'try again; if it lasts, ask who runs the store' }
  if (NOT_CONNECTED.includes(code)) return { code: 'unreachable', hint: `nothing answers at ${where}: look at the endpoint, the network and the proxy` }
  if (TLS.test(code)) return { code: 'unreachable', hint: `no trusted TLS connection to ${where}: for a private CA set NODE_EXTRA_CA_CERTS` }
  if (/abort/i.test(name) || /abort/i.test(message)) return { code: 'timeout', hint: 'give it longer with --timeout' }
  return { code: 'timeout', hint: `${where} stopped answering; try again` }
}

function isWithoutCredentials(name: string): boolean {
  return name === 'CredentialsProviderError' || name === 'TokenProviderError'
}

function signsOf(error: unknown): Signs {
  if (typeof error !== 'object' || error === null) return { status: undefined, name: 'Unknown', code: '', message: String(error) }
  const metadata = '$metadata' in error && typeof error.$metadata === 'object' && error.$metadata !== null ? error.$metadata : {}
  const status = 'httpStatusCode' in metadata && typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined
  const text = (field: 'name' | 'code' | 'message'): string => {
    const value: unknown = field in error ? (error as Readonly<Record<string, unknown>>)[field] : undefined
    return typeof value === 'string' ? value : ''
  }
  return { status, name: text('name') || 'Unknown', code: text('code'), message: text('message') }
}
