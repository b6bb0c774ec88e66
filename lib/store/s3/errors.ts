import { type ErrorCode, HelmS3Error } from '../../errors.ts'
import { REPOSITORY_DEFAULTS, type SaidByRepository } from '../../settings/objects.ts'
import { S3AnswerError } from './answer.ts'
import { SIGNATURE_MALFORMED } from './region.ts'
import { CHANGED_ON_THE_WAY, type Signs, isNotConnected, isUntrusted, signsOf } from './error-signs.ts'
import { shellWord, visibleLine } from '../../text/terminal-text.ts'

/** What was asked of the store, for messages. */
export interface S3Action {
  /** The name in an IAM policy. */
  readonly permission:
    | 's3:ListBucket'
    | 's3:ListBucketVersions'
    | 's3:ListBucketMultipartUploads'
    | 's3:GetObject'
    | 's3:GetObjectVersion'
    | 's3:PutObject'
    | 's3:DeleteObject'
  readonly bucket: string
  /** Key, or prefix of a listing. */
  readonly key: string
  /** User metadata were sent with it. */
  readonly hasMetadata?: boolean
  /** What of `says` nobody here has said, but the repository. */
  readonly saidBy?: SaidByRepository | undefined
  /** What was said with the object that was to be written. */
  readonly says?: Readonly<Partial<Record<'ACL' | 'ServerSideEncryption' | 'SSEKMSKeyId' | 'Tagging', string>>>
}

/** How it was asked. */
export interface S3Surroundings {
  readonly endpoint: string | undefined
  readonly region: string
  /** Who signed: `profile prod`, `access key …MPLE`; undefined: not known yet. */
  readonly identity: string | undefined
  /** Nobody signed: where credentials were looked for. */
  readonly unsigned: readonly string[] | undefined
  readonly profile: string | undefined
  readonly expectedBucketOwner: string | undefined
  /** Host and port of the proxy on the way; undefined: there is none. */
  readonly proxy?: string | undefined
  /** The region that the store named in its refusal. */
  readonly told?: string | undefined
}

type Asked = S3Action & S3Surroundings

/** The first rule that holds explains an error. */
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
const place = ({ endpoint }: Asked): string => endpoint ?? 'AWS'
/** The rest of a command line of the AWS CLI that reaches the same store as the same person. */
const cli = ({ endpoint, profile, region }: Asked): string =>
  ` --region ` +
  `${region}${endpoint === undefined ? '' : ` --endpoint-url ${shellWord(endpoint)}`}${
    profile === undefined ? '' : ` ` + `--profile ${shellWord(profile)}`
  }`

const RULES: readonly Rule[] = [
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
    when: named(...CHANGED_ON_THE_WAY),
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

const WITHOUT_CHECKSUM =
  'it was refused with a checksum and without one: AWS_REQUEST_CHECKSUM_CALCULATION=when_required leaves that out ' +
  'from the first'

/** The error of this program for an error of the SDK. Never holds a secret. */
export function toHelmS3Error(error: unknown, action: S3Action, surroundings: S3Surroundings): HelmS3Error {
  if (error instanceof HelmS3Error) return error
  const signs = signsOf(error)
  const asked = { ...action, ...surroundings }
  const rule = RULES.find(({ when }) => when(signs, asked))
  const way = rule?.hint(asked, signs) ?? `${place(asked)} stopped answering; try again`
  const hint = error instanceof S3AnswerError && error.isWithoutChecksum ? `${way}; ${WITHOUT_CHECKSUM}` : way
  return new HelmS3Error(
    rule?.code ?? 'timeout',
    `${describeAction(action)}: ${detailOf(signs)} (${describeSurroundings(asked)})`,
    { cause: error, hint },
  )
}

/** A mutation without credentials: it is not even sent. */
export function withoutCredentials(action: S3Action, { unsigned = [] }: S3Surroundings): HelmS3Error {
  return new HelmS3Error('denied', `${describeAction(action)}: no credentials to sign the request with`, {
    hint: howToSign(unsigned),
  })
}

/** `write s3://bucket/key`. */
export function describeAction({ bucket, key, permission }: S3Action): string {
  const verb = {
    's3:ListBucket': 'list',
    's3:ListBucketVersions': 'list the versions of',
    's3:ListBucketMultipartUploads': 'list the uploads to',
    's3:GetObject': 'read',
    's3:GetObjectVersion': 'read an older version of',
    's3:PutObject': 'write',
    's3:DeleteObject': 'delete',
  }[permission]
  return visibleLine(`${verb} s3://${bucket}/${key}`)
}

/** `as profile prod, region eu-west-1, at https://…`: as far as it is known. */
export function describeSurroundings({ endpoint, identity, region }: S3Surroundings): string {
  return `${identity === undefined ? '' : `as ${identity}, `}region ${region}, at ${endpoint ?? 'AWS'}`
}

function detailOf({ message, name, status }: Signs): string {
  const what =
    name === 'Unknown' || name === 'UnknownError'
      ? status === undefined
        ? 'no answer'
        : `status ${String(status)}`
      : name
  const text = message.replace(/\s+/g, ' ').trim().slice(0, 500)
  return text === '' || text === what || text === 'UnknownError' ? what : `${what}: ${text}`
}

function howToSign(tried: readonly string[] = []): string {
  return `Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; tried ${tried.join('; ')}`
}

function identityOf({ identity = 'these credentials' }: Asked): string {
  return identity
}

/** The request's own permission, and those that what it says about the object needs. */
function permissionsOf({ permission, says = {} }: Asked): string {
  const others = [
    ...(says.ACL === undefined ? [] : ['s3:PutObjectAcl']),
    ...(says.Tagging === undefined ? [] : ['s3:PutObjectTagging']),
    ...(says.ServerSideEncryption?.startsWith('aws:kms') === true ? ['kms:GenerateDataKey'] : []),
  ]
  return others.length === 0
    ? permission
    : `${permission} (and, for what is said with the object, ${others.join(', ')})`
}

function otherDenials(asked: Asked): string {
  const owner = asked.expectedBucketOwner
  const who = asked.endpoint === undefined ? `\`aws sts get-caller-identity${cli(asked)}\` says who that is` : ''
  const not =
    owner === undefined
      ? `${place(asked)} may also answer so when the bucket is not yours`
      : `or the bucket does not belong to account ${owner} (--expected-bucket-owner)`
  return who === '' ? not : `${not}; ${who}`
}

/** Policies that demand an encryption refuse in the same words as those that allow nothing. */
function maybeEncryption({ permission, says = {} }: Asked): string {
  if (permission !== 's3:PutObject') return ''
  const said = says.ServerSideEncryption
  return said === undefined
    ? '; or a policy demands encryption, and none is asked for: --sse, --sse-kms-key-id'
    : `; or a policy demands another encryption than ${said} (--sse, --sse-kms-key-id)`
}

/** Flags for what was said with the object, which may be what a store does not know. */
function leaveOut(asked: Asked): string {
  const { saidBy, says = {} } = asked
  const flags = [
    ...(says.ACL === undefined || isSaidBy(asked, 'acl') ? [] : ['--acl and S3_ACL']),
    ...(says.ServerSideEncryption === undefined || isSaidBy(asked, ...ENCRYPTION) ? [] : ['--sse and AWS_S3_SSE']),
    ...(says.Tagging === undefined ? [] : ['--tags and HELM_S3_TAGS']),
  ]
  const ways = [
    ...(flags.length === 0 ? [] : [`leave out ${flags.join(', ')}`]),
    ...(saidBy === undefined || saidBy.keys.length === 0 ? [] : [takeAway(asked, saidBy.keys)]),
  ]
  return ways.length === 0 ? '' : `, perhaps what is said with the object: ${ways.join('; ')}`
}

const ENCRYPTION = ['sse', 'sse-kms-key-id'] as const satisfies SaidByRepository['keys']

/** Whether it is the repository that says one of these. */
function isSaidBy({ saidBy }: Asked, ...keys: SaidByRepository['keys']): boolean {
  return saidBy !== undefined && keys.some((key) => saidBy.keys.includes(key))
}

/** How to go without what the repository says of these. */
function takeAway({ saidBy }: Asked, keys: SaidByRepository['keys']): string {
  const said = keys.filter((key) => saidBy?.keys.includes(key) === true)
  const command =
    `helm s3 config ${shellWord(saidBy?.repository ?? '')} ` + `${said.map((key) => `--unset ${key}`).join(' ')}`
  return (
    `the repository says ${said.join(' and ')}: \`${command}\` takes that away for all, ` +
    `${REPOSITORY_DEFAULTS}=false for this machine`
  )
}

function lookAt(asked: Asked): string {
  const { hasMetadata, saidBy, says = {} } = asked
  const flags = [
    ...(says.ACL === undefined || isSaidBy(asked, 'acl') ? [] : ['--acl']),
    ...(says.ServerSideEncryption === undefined || isSaidBy(asked, ...ENCRYPTION) ? [] : ['--sse', '--sse-kms-key-id']),
    ...(saidBy === undefined || saidBy.keys.length === 0
      ? []
      : [`${saidBy.keys.join(' and ')} in \`helm s3 config ${shellWord(saidBy.repository)}\``]),
    ...(says.Tagging === undefined ? [] : ['--tags']),
    ...(hasMetadata === true ? ['the metadata that were sent (x-amz-meta-…)'] : []),
  ]
  return [...flags, 'the bucket name', 'the endpoint'].join(', ')
}
