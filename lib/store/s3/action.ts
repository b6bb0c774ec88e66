import type { SaidByRepository } from '../../settings/objects.ts'
import { visibleLine } from '../../text/terminal-text.ts'

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

/** A request in full: what was asked, and how. */
export type Asked = S3Action & S3Surroundings

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
