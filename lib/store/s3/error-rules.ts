import type { ErrorCode } from '../../errors.ts'
import { shellWord } from '../../text/terminal-text.ts'
import type { Asked } from './action.ts'
import {
  ENCRYPTION,
  cli,
  howToSign,
  identityOf,
  isSaidBy,
  leaveOut,
  lookAt,
  maybeEncryption,
  otherDenials,
  permissionsOf,
  place,
  takeAway,
} from './error-hints.ts'
import { type Signs, isChangedOnTheWay, isNotConnected, isUntrusted } from './error-signs.ts'
import { SIGNATURE_MALFORMED } from './region.ts'

/** One kind of failure. */
interface Rule {
  readonly when: (signs: Signs, asked: Asked) => boolean
  readonly code: ErrorCode
  /** What to do next. */
  readonly hint: (asked: Asked, signs: Signs) => string
}

const named =
  (...names: readonly string[]): Rule['when'] =>
  ({ name }) =>
    names.includes(name)

/** What the failures of stores mean, and what to do about each. The first rule that holds explains an error. */
export const ERROR_RULES: readonly Rule[] = [
  {
    when: named('NoSuchBucket'),
    code: 'missing-bucket',
    hint: (asked) =>
      `there is no bucket ${asked.bucket} at ${place(asked)}: create it with \`aws s3 mb ` +
      `s3://${asked.bucket}${cli(asked)}\`, or look at the name and the endpoint`,
  },
  {
    when: named('AccessControlListNotSupported'),
    code: 'unsupported-store',
    hint: (asked) =>
      `ACLs are switched off for bucket ${asked.bucket} (object ownership: BucketOwnerEnforced), where every ` +
      `object belongs to the bucket's owner: ` +
      (isSaidBy(asked, 'acl') ? takeAway(asked, ['acl']) : 'leave --acl and S3_ACL out'),
  },
  {
    when: ({ message, status }) => status === 501 && /KMS|encryption/i.test(message),
    code: 'unsupported-store',
    hint: (asked) =>
      `${place(asked)} has no keys to encrypt with: ` +
      `${isSaidBy(asked, ...ENCRYPTION) ? takeAway(asked, ENCRYPTION) : 'leave --sse and AWS_S3_SSE out'}, or ` +
      `give the store a key server (MinIO: MINIO_KMS_SECRET_KEY)`,
  },
  {
    when: ({ name, status }) => status === 501 || (status === 400 && name === 'NotImplemented'),
    code: 'unsupported-store',
    hint: (asked) => `${place(asked)} does not implement what this request needs${leaveOut(asked)}; see docs/STORES.md`,
  },
  {
    when: ({ name, status }) => name.startsWith('KMS.') && status !== 403,
    code: 'denied',
    hint: ({ region }) =>
      `look at the key of --sse-kms-key-id: it has to be enabled and in the bucket's region, here ${region}; an ` +
      `alias is written alias/NAME`,
  },
  {
    when: ({ message, name, status }) => status === 403 && (name.startsWith('KMS.') || /\bkms:/i.test(message)),
    code: 'denied',
    hint: () =>
      'the policy of the KMS key and the IAM policy have to allow kms:GenerateDataKey to write and kms:Decrypt to read',
  },
  {
    when: named('InvalidTag', 'MalformedTag', 'InvalidTagError'),
    code: 'usage',
    hint: () => 'look at --tags and HELM_S3_TAGS: key=value,key2=value2',
  },
  {
    when: named('ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired', 'RequestExpired'),
    code: 'denied',
    hint: ({ profile }) =>
      `the session is over: ` +
      `${
        profile === undefined
          ? 'get new keys and a new AWS_SESSION_TOKEN'
          : `\`aws sso login --profile ` + `${shellWord(profile)}\`, or get new keys for it`
      }`,
  },
  {
    when: ({ name }, { hasMetadata }) => name === 'SignatureDoesNotMatch' && hasMetadata === true,
    code: 'denied',
    hint: (asked) =>
      `${place(asked)} does not accept the signature: look at the keys; or, when other commands work, at what ` +
      `changes headers on the way, for metadata were sent (x-amz-meta-…)`,
  },
  {
    when: named('MetadataTooLarge'),
    code: 'unsupported-store',
    hint: (asked) =>
      `${place(asked)} takes less metadata with an object (x-amz-meta-…) than is needed; see docs/STORES.md`,
  },
  {
    when: named('InvalidAccessKeyId', 'SignatureDoesNotMatch', 'InvalidToken', 'InvalidTokenId', 'InvalidSecurity'),
    code: 'denied',
    hint: (asked) =>
      `${place(asked)} does not accept these credentials: look at the keys, the session token and the endpoint`,
  },
  {
    when: named('RequestTimeTooSkewed'),
    code: 'denied',
    hint: () => 'the clock of this machine is wrong: set it, for example with `timedatectl set-ntp true`',
  },
  {
    when: (_, { told }) => told !== undefined,
    code: 'store-failed',
    hint: ({ bucket, told }) =>
      `bucket ${bucket} is in ${told ?? ''}: use --region ${told ?? ''}, or allow redirects ` +
      `(HELM_S3_DYNAMIC_REGION_ENABLED)`,
  },
  {
    when: ({ name, status }) => [301, 302, 307, 308].includes(status ?? 0) || SIGNATURE_MALFORMED.includes(name),
    code: 'store-failed',
    hint: (asked) =>
      `${place(asked)} sends this request elsewhere and does not say to which region: look at --region, and at http ` +
      `or https in the endpoint`,
  },
  {
    when: ({ status }) => status === 407,
    code: 'denied',
    hint: () => 'the proxy asks for a name and a password: write HTTPS_PROXY as http://USER:PASSWORD@HOST:PORT',
  },
  {
    when: ({ status }, { unsigned }) => unsigned !== undefined && (status === 401 || status === 403),
    code: 'denied',
    hint: ({ unsigned }) => `the request went out unsigned, because no credentials were found. ${howToSign(unsigned)}`,
  },
  {
    when: ({ message, status }) => status === 403 && /object lock|worm|retention|legal hold/i.test(message),
    code: 'denied',
    hint: () => 'the object is locked until its retention is over: nothing but that will remove or replace it',
  },
  {
    when: named('InvalidObjectState'),
    code: 'store-failed',
    hint: ({ bucket, key }) =>
      `the object lies in an archive: \`aws s3api restore-object --bucket ${bucket} --key ${shellWord(key)}\` ` +
      `brings it back`,
  },
  {
    when: ({ status }) => status === 401 || status === 403,
    code: 'denied',
    hint: (asked) =>
      `${identityOf(asked)} needs ${permissionsOf(asked)} here; ${otherDenials(asked)}${maybeEncryption(asked)}`,
  },
  {
    when: isChangedOnTheWay,
    code: 'store-failed',
    hint: () =>
      'the bytes were changed on the way: look at proxies; or the store does not know this checksum: ' +
      'AWS_REQUEST_CHECKSUM_CALCULATION=when_required leaves it out',
  },
  {
    when: ({ name, status }) => name === 'SlowDown' || status === 503 || status === 429,
    code: 'store-failed',
    hint: (asked) => `${place(asked)} has too much to do: try again later, with fewer jobs at once`,
  },
  {
    when: ({ status }) => status === 405,
    code: 'store-failed',
    hint: (asked) => `what answers at ${place(asked)} is no S3 store, or not for this bucket: look at the endpoint`,
  },
  {
    when: ({ status }) => status === 502 || status === 504,
    code: 'store-failed',
    hint: (asked) =>
      `something between here and ${place(asked)} gave up waiting: try again, look at proxies and load balancers`,
  },
  {
    when: ({ status }) => status !== undefined && status >= 400 && status < 500,
    code: 'store-failed',
    hint: (asked) => `${place(asked)} does not take the request as it is: look at ${lookAt(asked)}`,
  },
  {
    when: ({ status }) => status !== undefined && status !== 200,
    code: 'store-failed',
    hint: (asked) => `try again; if it lasts, ask who runs the store${leaveOut(asked)}`,
  },
  {
    when: (signs, { proxy }) =>
      proxy !== undefined && (isNotConnected(signs) || signs.code === 'ENOTFOUND' || signs.code === 'EAI_AGAIN'),
    code: 'unreachable',
    hint: (asked) =>
      `nothing answers at the proxy ${asked.proxy ?? ''}, so that ${place(asked)} was not even asked: look at ` +
      `HTTPS_PROXY and HTTP_PROXY, or name the store in NO_PROXY`,
  },
  {
    when: ({ code }) => code === 'ENOTFOUND' || code === 'EAI_AGAIN',
    code: 'unreachable',
    hint: (asked) =>
      `the name of ${place(asked)} is not known here: look at ` +
      `${asked.endpoint === undefined ? `the region ${asked.region}` : 'the endpoint'}, the network and the proxy`,
  },
  {
    when: isNotConnected,
    code: 'unreachable',
    hint: (asked) => `nothing answers at ${place(asked)}: look at the endpoint, the network and the proxy`,
  },
  {
    when: ({ code, message }) => code === 'EPROTO' || /wrong version number/i.test(message),
    code: 'unreachable',
    hint: (asked) =>
      `${place(asked)} does not speak TLS: for plain http write --endpoint-url http://HOST:PORT, or set ` +
      `AWS_DISABLE_SSL=true`,
  },
  {
    when: isUntrusted,
    code: 'unreachable',
    hint: (asked) =>
      `the certificate of ${place(asked)} is not trusted here: set AWS_CA_BUNDLE to the PEM file of its CA`,
  },
  {
    when: ({ message, name }) => /abort/i.test(name) || /abort/i.test(message),
    code: 'timeout',
    hint: () => 'give it longer with --timeout',
  },
]
