import { HelmS3Error } from '../../errors.ts'
import type { Until } from '../object-store.ts'
import { S3AnswerError, dateOf } from './answer.ts'

/** What an error of the SDK tells. Error names differ between run times; `code` and the status do not. */
export interface Signs {
  readonly status: number | undefined
  /** The code of the S3 error, or the name of the exception. */
  readonly name: string
  /** The code of the system error. */
  readonly code: string
  readonly message: string
}

const NOT_CONNECTED = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ERR_INVALID_URL']
const QUERY_FAULTS = [
  'AuthorizationQueryParametersError',
  'AuthorizationHeaderMalformed',
  'InvalidArgument',
  'InvalidRequest',
  'InvalidToken',
  'MissingSecurityHeader',
]
const CHECKSUM_FAULTS = [
  'InvalidArgument',
  'InvalidRequest',
  'MalformedTrailerError',
  'NotImplemented',
  'UnsupportedArgument',
  'Unknown',
  'BadRequest',
]
/** The error codes of stores for a body that does not match its checksum. */
const CHANGED_ON_THE_WAY = ['BadDigest', 'InvalidDigest', 'XAmzContentSHA256Mismatch', 'XAmzContentChecksumMismatch']
/**
 * What S3Mock says of such a body, with the code BadRequest. AWS says it with InvalidRequest of a value that cannot be
 * a checksum, and none such is sent.
 */
const WRONG_CHECKSUM = /^value for x-amz-checksum-sha256 header is invalid/i
const TLS = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|ERR_TLS|ERR_SSL|EPROTO/

export function signsOf(error: unknown): Signs {
  if (typeof error !== 'object' || error === null)
    return { status: undefined, name: 'Unknown', code: '', message: String(error) }
  const metadata =
    '$metadata' in error && typeof error.$metadata === 'object' && error.$metadata !== null ? error.$metadata : {}
  const status =
    'httpStatusCode' in metadata && typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined
  const text = (field: 'name' | 'code' | 'message'): string => {
    const value: unknown = field in error ? (error as Readonly<Record<string, unknown>>)[field] : undefined
    return typeof value === 'string' ? value : ''
  }
  return { status, name: text('name') || 'Unknown', code: text('code'), message: text('message') }
}

/** HTTP status of an error; undefined when no answer came. */
export function statusOf(error: unknown): number | undefined {
  return signsOf(error).status
}

/** Whether the store says that the object does not exist, while the bucket does. */
export function isMissingObject(error: unknown): boolean {
  const { name, status } = signsOf(error)
  return status === 404 && name !== 'NoSuchBucket'
}

/**
 * The whole second, in milliseconds, at which the signature of a request must expire that must not be valid after
 * `until`. When `until` is a whole second, the result is one second earlier, because a store may cut off the fraction
 * of its own time before it compares.
 */
export function expiryBefore(until: Until): number {
  return (Math.ceil(until / 1000) - 1) * 1000
}

/**
 * Whether the store has refused a request because it came after `until`. S3 answers 403 AccessDenied, "Request has
 * expired". For a store that words this differently, the `Date` of its answer decides, in whole seconds.
 */
export function isExpired(error: unknown, until: Until): boolean {
  if (!(error instanceof S3AnswerError)) return false
  const { message, status } = signsOf(error)
  if (status !== 400 && status !== 401 && status !== 403) return false
  const date = dateOf(error.$response.headers)
  return /request has expired/i.test(message) || (date !== undefined && date >= expiryBefore(until))
}

/**
 * Whether the store may have refused a request because its signature is in the query: policies can forbid this, and not
 * every store supports it. The request was not carried out, whatever the reason was.
 */
export function mayMindQuerySignature(error: unknown): boolean {
  if (!(error instanceof S3AnswerError)) return false
  const { name, status } = signsOf(error)
  return status === 401 || status === 403 || status === 501 || (status === 400 && QUERY_FAULTS.includes(name))
}

/** Whether the store has refused a body because it does not match the checksum that came with it. */
export function isChangedOnTheWay({ message, name, status }: Signs): boolean {
  return CHANGED_ON_THE_WAY.includes(name) || (status === 400 && WRONG_CHECKSUM.test(message))
}

/**
 * Whether the store may have refused an object because a checksum was sent with it: not every store knows the header.
 * The request was not carried out, whatever the reason was. A checksum that does not match the bytes is a different
 * case.
 */
export function mayMindChecksum(error: unknown): boolean {
  if (!(error instanceof S3AnswerError)) return false
  const signs = signsOf(error)
  const { message, name, status } = signs
  if (status === 501) return true
  return (
    status === 400 &&
    !isChangedOnTheWay(signs) &&
    (CHECKSUM_FAULTS.includes(name) || /checksum|x-amz-sdk|unsupported header/i.test(message))
  )
}

/** Whether there was no connection, so that nothing was sent. */
export function isNotConnected({ code }: Signs): boolean {
  return NOT_CONNECTED.includes(code)
}

/** Whether the host name cannot be resolved. */
export function isUnknownName({ code }: Signs): boolean {
  return code === 'ENOTFOUND' || code === 'EAI_AGAIN'
}

/** Whether the other side of the connection could not be trusted, so that nothing was sent. */
export function isUntrusted({ code }: Signs): boolean {
  return TLS.test(code)
}

/**
 * Whether a mutation that failed with this error may have been carried out nevertheless: no answer came after it was
 * sent, or the store failed while working on it. A store that could not be reached, and one that refused the request,
 * have done nothing. Nothing was done either when this program itself refused to send the request.
 */
export function isAmbiguous(error: unknown): boolean {
  if (error instanceof HelmS3Error) return false
  const signs = signsOf(error)
  const { name, status } = signs
  if (status !== undefined && status !== 200) return status >= 500 ? status !== 501 : status === 408 || status === 429
  return !isNotConnected(signs) && !isUntrusted(signs) && !isWithoutCredentials(name)
}

function isWithoutCredentials(name: string): boolean {
  return name === 'CredentialsProviderError' || name === 'TokenProviderError'
}
