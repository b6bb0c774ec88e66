import assert from 'node:assert/strict'
import type { ErrorCode } from '../../../lib/errors.ts'
import type { S3Action, S3Surroundings } from '../../../lib/store/s3/action.ts'
import { toHelmS3Error } from '../../../lib/store/s3/errors.ts'
import { isAmbiguous } from '../../../lib/store/s3/error-signs.ts'

const GET: S3Action = { permission: 's3:GetObject', bucket: 'acme', key: 'charts/x.tgz' }
const PUT: S3Action = { ...GET, permission: 's3:PutObject' }
const AWS: S3Surroundings = {
  endpoint: undefined,
  region: 'eu-west-1',
  identity: 'profile ci',
  unsigned: undefined,
  profile: 'ci',
  expectedBucketOwner: undefined,
}
const MINIO: S3Surroundings = {
  ...AWS,
  endpoint: 'http://minio:9000',
  identity: 'access key …MPLE',
  profile: undefined,
  region: 'us-east-1',
}

interface Case {
  readonly error: object
  readonly action?: S3Action
  readonly in?: S3Surroundings
  readonly code: ErrorCode
  readonly hint: RegExp
  /** Whether a mutation that fails with this error may have been carried out. */
  readonly ambiguous?: boolean
}

const answer = (httpStatusCode: number, name: string, message = ''): object => ({
  name,
  message,
  $metadata: { httpStatusCode },
})

const CASES: Readonly<Record<string, Case>> = {
  'a bucket that is not there': {
    error: answer(404, 'NoSuchBucket'),
    code: 'missing-bucket',
    hint: /`aws s3 mb s3:\/\/acme --region eu-west-1 --profile ci`/,
  },
  'a bucket that is not there, elsewhere': {
    error: answer(404, 'NoSuchBucket'),
    in: MINIO,
    code: 'missing-bucket',
    hint: /--endpoint-url http:\/\/minio:9000`/,
  },
  'an ACL where there are none': {
    error: answer(400, 'AccessControlListNotSupported'),
    action: { ...PUT, says: { ACL: 'private' } },
    code: 'unsupported-store',
    hint: /BucketOwnerEnforced.*leave --acl and S3_ACL out/,
  },
  'encryption where there are no keys': {
    error: answer(501, 'NotImplemented', 'Server side encryption specified but KMS is not configured'),
    action: { ...PUT, says: { ServerSideEncryption: 'AES256' } },
    in: MINIO,
    code: 'unsupported-store',
    hint: /leave --sse and AWS_S3_SSE out.*MINIO_KMS_SECRET_KEY/,
  },
  'what the store cannot do': {
    error: answer(501, 'NotImplemented'),
    code: 'unsupported-store',
    hint: /docs\/STORES\.md/,
  },
  'what the store cannot do, in the form of Alibaba': {
    error: answer(400, 'NotImplemented'),
    code: 'unsupported-store',
    hint: /docs\/STORES\.md/,
  },
  'what the store cannot do, which may be the tags': {
    error: answer(501, 'NotImplemented'),
    action: { ...PUT, says: { ACL: 'private', Tagging: 'a=b' } },
    code: 'unsupported-store',
    hint: /leave out --acl and S3_ACL, --tags and HELM_S3_TAGS; see/,
  },
  'a proxy that is dead': {
    error: { code: 'ECONNREFUSED', message: 'connect ECONNREFUSED 10.0.0.1:3128' },
    in: { ...MINIO, proxy: '10.0.0.1:3128' },
    code: 'unreachable',
    hint: /nothing answers at the proxy 10\.0\.0\.1:3128, .* look at HTTPS_PROXY/,
  },
  'a proxy whose name nobody knows': {
    error: { code: 'ENOTFOUND', message: 'getaddrinfo ENOTFOUND proxy' },
    in: { ...AWS, proxy: 'proxy:3128' },
    code: 'unreachable',
    hint: /nothing answers at the proxy proxy:3128/,
  },
  'a key that is not there': {
    error: answer(400, 'KMS.NotFoundException', 'Alias is not found'),
    code: 'denied',
    hint: /--sse-kms-key-id.*eu-west-1.*alias\/NAME/,
  },
  'a key that may not be used': {
    error: answer(403, 'AccessDenied', 'not authorized to perform: kms:GenerateDataKey'),
    action: PUT,
    code: 'denied',
    hint: /kms:GenerateDataKey to write and kms:Decrypt to read/,
  },
  'a tag that is none': {
    error: answer(400, 'InvalidTag'),
    action: PUT,
    code: 'usage',
    hint: /--tags and HELM_S3_TAGS/,
  },
  'a session that is over': {
    error: answer(400, 'ExpiredToken'),
    code: 'denied',
    hint: /`aws sso login --profile ci`/,
  },
  'a session of the environment that is over': {
    error: answer(400, 'ExpiredToken'),
    in: MINIO,
    code: 'denied',
    hint: /new AWS_SESSION_TOKEN/,
  },
  'keys that are none': {
    error: answer(403, 'InvalidAccessKeyId'),
    in: MINIO,
    code: 'denied',
    hint: /minio:9000 does not accept these credentials/,
  },
  'a wrong clock': { error: answer(403, 'RequestTimeTooSkewed'), code: 'denied', hint: /clock of this machine/ },
  'a region that was told': {
    error: answer(301, 'PermanentRedirect'),
    in: { ...AWS, told: 'us-west-2' },
    code: 'store-failed',
    hint: /bucket acme is in us-west-2: use --region us-west-2/,
  },
  'a redirect to nowhere': {
    error: answer(301, 'Unknown'),
    in: MINIO,
    code: 'store-failed',
    hint: /at --region, and at http or https in the endpoint/,
  },
  'a proxy that lets nobody in': { error: answer(407, 'Unknown'), code: 'denied', hint: /USER:PASSWORD@HOST/ },
  'a refusal of nobody': {
    error: answer(403, 'AccessDenied'),
    in: { ...AWS, unsigned: ['here', 'there'] },
    code: 'denied',
    hint: /no credentials were found.*tried here; there$/,
  },
  'an object that is locked': {
    error: answer(403, 'AccessDenied', 'Access Denied because object protected by object lock.'),
    action: { ...GET, permission: 's3:DeleteObject' },
    code: 'denied',
    hint: /until its retention is over/,
  },
  'a refusal': {
    error: answer(403, 'AccessDenied'),
    code: 'denied',
    hint: /^profile ci needs s3:GetObject here; .*`aws sts get-caller-identity --region eu-west-1 --profile ci`/,
  },
  'a refusal elsewhere': {
    error: answer(403, 'AccessDenied'),
    in: MINIO,
    code: 'denied',
    hint: /^access key …MPLE needs s3:GetObject here; http:\/\/minio:9000 may also answer so when the bucket is not yours$/,
  },
  'a refusal of what is said with an object': {
    error: answer(403, 'AccessDenied'),
    action: { ...PUT, says: { ACL: 'private', Tagging: 'a=b', ServerSideEncryption: 'aws:kms' } },
    code: 'denied',
    hint: /s3:PutObject \(and, .* s3:PutObjectAcl, s3:PutObjectTagging, kms:GenerateDataKey\)/,
  },
  'a refusal of a write, which a policy may want encrypted': {
    error: answer(403, 'AccessDenied'),
    action: PUT,
    code: 'denied',
    hint: /s3:PutObject here; .*; or a policy demands encryption, and none is asked for: --sse, --sse-kms-key-id$/,
  },
  'a refusal of a write, which a policy may want encrypted otherwise': {
    error: answer(403, 'AccessDenied'),
    action: { ...PUT, says: { ServerSideEncryption: 'AES256' } },
    code: 'denied',
    hint: /; or a policy demands another encryption than AES256/,
  },
  'a refusal because of the owner': {
    error: answer(403, 'AccessDenied'),
    in: { ...AWS, expectedBucketOwner: '123456789012' },
    code: 'denied',
    hint: /does not belong to account 123456789012/,
  },
  'an archive in the cold': {
    error: answer(403, 'InvalidObjectState'),
    code: 'store-failed',
    hint: /aws s3api restore-object --bucket acme --key charts/,
  },
  'a signature over metadata': {
    error: answer(403, 'SignatureDoesNotMatch'),
    action: { ...PUT, hasMetadata: true },
    code: 'denied',
    hint: /metadata were sent/,
  },
  'a checksum that does not fit': {
    error: answer(400, 'XAmzContentSHA256Mismatch'),
    action: PUT,
    code: 'store-failed',
    hint: /changed on the way/,
  },
  'a store with too much to do': {
    error: answer(503, 'SlowDown'),
    code: 'store-failed',
    hint: /too much to do/,
    ambiguous: true,
  },
  'no S3 at all': { error: answer(405, 'MethodNotAllowed'), in: MINIO, code: 'store-failed', hint: /no S3 store/ },
  'a gateway without patience': {
    error: answer(504, 'Unknown'),
    code: 'store-failed',
    hint: /proxies and load balancers/,
    ambiguous: true,
  },
  'a request that is not taken': {
    error: answer(400, 'InvalidArgument'),
    action: { ...PUT, says: { Tagging: 'a=b' } },
    code: 'store-failed',
    hint: /look at --tags, the bucket name, the endpoint/,
  },
  'a store that fails, perhaps at what is said with the object': {
    error: answer(500, 'InternalError'),
    action: { ...PUT, says: { ServerSideEncryption: 'AES256' } },
    code: 'store-failed',
    hint: /try again;.*leave out --sse and AWS_S3_SSE$/,
    ambiguous: true,
  },
  'a store that fails, perhaps at what the repository says': {
    error: answer(500, 'InternalError'),
    action: {
      ...PUT,
      says: { ACL: 'private', ServerSideEncryption: 'AES256', Tagging: 'a=b' },
      saidBy: { repository: 'stable', keys: ['sse'] },
    },
    code: 'store-failed',
    hint: /: leave out --acl and S3_ACL, --tags and HELM_S3_TAGS; the repository says sse: `helm s3 config stable --unset sse` takes that away for all, HELM_S3_REPOSITORY_DEFAULTS=false for this machine$/,
    ambiguous: true,
  },
  'what the store cannot do, which may be what the repository says': {
    error: answer(501, 'NotImplemented'),
    action: {
      ...PUT,
      says: { ACL: 'private', ServerSideEncryption: 'aws:kms' },
      saidBy: { repository: 's3://acme/my charts', keys: ['acl', 'sse-kms-key-id'] },
    },
    code: 'unsupported-store',
    hint: /with the object: the repository says acl and sse-kms-key-id: `helm s3 config 's3:\/\/acme\/my charts' --unset acl --unset sse-kms-key-id` takes/,
  },
  'encryption that the repository says, where there are no keys': {
    error: answer(501, 'NotImplemented', 'Server side encryption specified but KMS is not configured'),
    action: {
      ...PUT,
      says: { ACL: 'private', ServerSideEncryption: 'AES256' },
      saidBy: { repository: 'stable', keys: ['acl', 'sse'] },
    },
    code: 'unsupported-store',
    hint: /no keys to encrypt with: the repository says sse: `helm s3 config stable --unset sse` takes that away for all, HELM_S3_REPOSITORY_DEFAULTS=false for this machine, or give/,
  },
  'an ACL that the repository says, where there are none': {
    error: answer(400, 'AccessControlListNotSupported'),
    action: { ...PUT, says: { ACL: 'private' }, saidBy: { repository: 'stable', keys: ['acl'] } },
    code: 'unsupported-store',
    hint: /BucketOwnerEnforced.*: the repository says acl: `helm s3 config stable --unset acl` takes/,
  },
  'a request that is not taken, perhaps because of the repository': {
    error: answer(400, 'InvalidArgument'),
    action: { ...PUT, says: { ServerSideEncryption: 'AES256' }, saidBy: { repository: 'stable', keys: ['sse'] } },
    code: 'store-failed',
    hint: /look at sse in `helm s3 config stable`, the bucket name, the endpoint$/,
  },
  'a store that fails': {
    error: answer(500, 'InternalError'),
    code: 'store-failed',
    hint: /try again/,
    ambiguous: true,
  },
  'a name that nobody knows': {
    error: { name: 'Error', code: 'ENOTFOUND', message: 'getaddrinfo ENOTFOUND' },
    code: 'unreachable',
    hint: /the name of AWS is not known here: look at the region eu-west-1/,
  },
  'nobody there': {
    error: { name: 'Error', code: 'ECONNREFUSED', message: '' },
    in: MINIO,
    code: 'unreachable',
    hint: /nothing answers at http:\/\/minio:9000/,
  },
  'a certificate that is not trusted': {
    error: { name: 'Error', code: 'SELF_SIGNED_CERT_IN_CHAIN', message: 'self-signed' },
    code: 'unreachable',
    hint: /AWS_CA_BUNDLE/,
  },
  'plain http where TLS is asked for': {
    error: { name: 'Error', code: 'EPROTO', message: 'wrong version number' },
    in: MINIO,
    code: 'unreachable',
    hint: /AWS_DISABLE_SSL=true/,
  },
  'a request that was broken off': {
    error: { name: 'AbortError', message: 'Request aborted' },
    code: 'timeout',
    hint: /--timeout/,
    ambiguous: true,
  },
  silence: {
    error: { name: 'TimeoutError', message: '' },
    in: MINIO,
    code: 'timeout',
    hint: /minio:9000 stopped answering/,
    ambiguous: true,
  },
}

describe('an error of the store:', () => {
  for (const [what, { action = GET, ambiguous = false, code, error, hint, in: surroundings = AWS }] of Object.entries(
    CASES,
  )) {
    it(what, () => {
      const explained = toHelmS3Error(error, action, surroundings)
      assert.equal(explained.code, code)
      assert.match(explained.hint ?? '', hint)
      assert.match(
        explained.message,
        /^(?:read|write|delete) s3:\/\/acme\/charts\/x\.tgz: .+ \(as .+, region [a-z0-9-]+, at (?:AWS|http:\/\/minio:9000)\)$/,
      )
      assert.equal(isAmbiguous(error), ambiguous)
      assert.equal(toHelmS3Error(explained, action, surroundings), explained)
    })
  }

  it('keeps to one line, and to a length that can be read', () => {
    const { message } = toHelmS3Error(answer(400, 'X', `a\n  b${'c'.repeat(2000)}`), GET, AWS)
    assert.match(message, /X: a b/)
    assert.ok(!message.includes('\n') && message.length < 700)
  })

  it('of this program itself never leaves the outcome unknown', () => {
    assert.equal(isAmbiguous(toHelmS3Error(answer(500, 'X'), PUT, AWS)), false)
  })
})
