import { REPOSITORY_DEFAULTS, type SaidByRepository } from '../../settings/objects.ts'
import { shellWord } from '../../text/terminal-text.ts'
import type { Asked } from './action.ts'

// What hints say that depends on what was asked, and how.

/** The store, for a hint. */
export const place = ({ endpoint }: Asked): string => endpoint ?? 'AWS'

/** The rest of a command line of the AWS CLI that reaches the same store as the same person. */
export const cli = ({ endpoint, profile, region }: Asked): string =>
  ` --region ` +
  `${region}${endpoint === undefined ? '' : ` --endpoint-url ${shellWord(endpoint)}`}${
    profile === undefined ? '' : ` ` + `--profile ${shellWord(profile)}`
  }`

/** What to do when no credentials were found. `tried`: where they were looked for. */
export function howToSign(tried: readonly string[] = []): string {
  return `Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; tried ${tried.join('; ')}`
}

/** Who asked. */
export function identityOf({ identity = 'these credentials' }: Asked): string {
  return identity
}

/** The request's own permission, and those that what it says about the object needs. */
export function permissionsOf({ permission, says = {} }: Asked): string {
  const others = [
    ...(says.ACL === undefined ? [] : ['s3:PutObjectAcl']),
    ...(says.Tagging === undefined ? [] : ['s3:PutObjectTagging']),
    ...(says.ServerSideEncryption?.startsWith('aws:kms') === true ? ['kms:GenerateDataKey'] : []),
  ]
  return others.length === 0
    ? permission
    : `${permission} (and, for what is said with the object, ${others.join(', ')})`
}

/** Why a store may deny a request besides a lack of permission, and how to find out. */
export function otherDenials(asked: Asked): string {
  const owner = asked.expectedBucketOwner
  const who = asked.endpoint === undefined ? `\`aws sts get-caller-identity${cli(asked)}\` says who that is` : ''
  const not =
    owner === undefined
      ? `${place(asked)} may also answer so when the bucket is not yours`
      : `or the bucket does not belong to account ${owner} (--expected-bucket-owner)`
  return who === '' ? not : `${not}; ${who}`
}

/** Policies that demand an encryption refuse in the same words as those that allow nothing. */
export function maybeEncryption({ permission, says = {} }: Asked): string {
  if (permission !== 's3:PutObject') return ''
  const said = says.ServerSideEncryption
  return said === undefined
    ? '; or a policy demands encryption, and none is asked for: --sse, --sse-kms-key-id'
    : `; or a policy demands another encryption than ${said} (--sse, --sse-kms-key-id)`
}

/** Flags for what was said with the object, which may be what a store does not know. */
export function leaveOut(asked: Asked): string {
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

/** The settings of the repository for encryption. */
export const ENCRYPTION = ['sse', 'sse-kms-key-id'] as const satisfies SaidByRepository['keys']

/** Whether it is the repository that says one of these. */
export function isSaidBy({ saidBy }: Asked, ...keys: SaidByRepository['keys']): boolean {
  return saidBy !== undefined && keys.some((key) => saidBy.keys.includes(key))
}

/** How to go without what the repository says of these. */
export function takeAway({ saidBy }: Asked, keys: SaidByRepository['keys']): string {
  const said = keys.filter((key) => saidBy?.keys.includes(key) === true)
  const command =
    `helm s3 config ${shellWord(saidBy?.repository ?? '')} ` + `${said.map((key) => `--unset ${key}`).join(' ')}`
  return (
    `the repository says ${said.join(' and ')}: \`${command}\` takes that away for all, ` +
    `${REPOSITORY_DEFAULTS}=false for this machine`
  )
}

/** What may be wrong with a request that the store does not take. */
export function lookAt(asked: Asked): string {
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
