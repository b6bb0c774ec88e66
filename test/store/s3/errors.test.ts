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
  'a missing bucket': {
    error: answer(404, 'NoSuchBucket'),
    code: 'missing-bucket',
    hint: /`aws s3 mb s3:\/\/acme --region eu-west-1 --profile ci`/,
  },
  'a missing bucket of another store than AWS': {
    error: answer(404, 'NoSuchBucket'),
    in: MINIO,
    code: 'missing-bucket',
    hint: /--endpoint-url http:\/\/minio:9000`/,
  },
  'an ACL in a bucket without ACLs': {
    error: answer(400, 'AccessControlListNotSupported'),
    action: { ...PUT, says: { ACL: 'private' } },
    code: 'unsupported-store',
    hint: /BucketOwnerEnforced.*leave --acl and S3_ACL out/,
  },
  'encryption in a store without keys': {
    error: answer(501, 'NotImplemented', 'Server side encryption specified but KMS is not configured'),
    action: { ...PUT, says: { ServerSideEncryption: 'AES256' } },
    in: MINIO,
    code: 'unsupported-store',
    hint: /leave --sse and AWS_S3_SSE out.*MINIO_KMS_SECRET_KEY/,
  },
  'an operation that the store does not support': {
    error: answer(501, 'NotImplemented'),
    code: 'unsupported-store',
    hint: /docs\/STORES\.md/,
  },
  'an operation that the store does not support, as Alibaba reports it': {
    error: answer(400, 'NotImplemented'),
    code: 'unsupported-store',
    hint: /docs\/STORES\.md/,
  },
  'an unsupported operation with an ACL and tags': {
    error: answer(501, 'NotImplemented'),
    action: { ...PUT, says: { ACL: 'private', Tagging: 'a=b' } },
    code: 'unsupported-store',
    hint: /leave out --acl and S3_ACL, --tags and HELM_S3_TAGS; see/,
  },
  'a proxy that refuses connections': {
    error: { code: 'ECONNREFUSED', message: 'connect ECONNREFUSED 10.0.0.1:3128' },
    in: { ...MINIO, proxy: '10.0.0.1:3128' },
    code: 'unreachable',
    hint: /nothing answers at the proxy 10\.0\.0\.1:3128, .* look at HTTPS_PROXY/,
  },
  'a proxy whose name cannot be resolved': {
    error: { code: 'ENOTFOUND', message: 'getaddrinfo ENOTFOUND proxy' },
    in: { ...AWS, proxy: 'proxy:3128' },
    code: 'unreachable',
    hint: /nothing answers at the proxy proxy:3128/,
  },
  'a missing KMS key': {
    error: answer(400, 'KMS.NotFoundException', 'Alias is not found'),
    code: 'denied',
    hint: /--sse-kms-key-id.*eu-west-1.*alias\/NAME/,
  },
  'a KMS key that may not be used': {
    error: answer(403, 'AccessDenied', 'not authorized to perform: kms:GenerateDataKey'),
    action: PUT,
    code: 'denied',
    hint: /kms:GenerateDataKey to write and kms:Decrypt to read/,
  },
  'an invalid tag': {
    error: answer(400, 'InvalidTag'),
    action: PUT,
    code: 'usage',
    hint: /--tags and HELM_S3_TAGS/,
  },
  'an expired session': {
    error: answer(400, 'ExpiredToken'),
    code: 'denied',
    hint: /`aws sso login --profile ci`/,
  },
  'an expired session token in the environment': {
    error: answer(400, 'ExpiredToken'),
    in: MINIO,
    code: 'denied',
    hint: /new AWS_SESSION_TOKEN/,
  },
  'an unknown access key': {
    error: answer(403, 'InvalidAccessKeyId'),
    in: MINIO,
    code: 'denied',
    hint: /minio:9000 does not accept these credentials/,
  },
  'a wrong clock': { error: answer(403, 'RequestTimeTooSkewed'), code: 'denied', hint: /clock of this machine/ },
  'a redirect that names a region': {
    error: answer(301, 'PermanentRedirect'),
    in: { ...AWS, told: 'us-west-2' },
    code: 'store-failed',
    hint: /bucket acme is in us-west-2: use --region us-west-2/,
  },
  'a redirect that names no region': {
    error: answer(301, 'Unknown'),
    in: MINIO,
    code: 'store-failed',
    hint: /at --region, and at http or https in the endpoint/,
  },
  'a proxy that demands authentication': { error: answer(407, 'Unknown'), code: 'denied', hint: /USER:PASSWORD@HOST/ },
  'a refused request without credentials': {
    error: answer(403, 'AccessDenied'),
    in: { ...AWS, unsigned: ['here', 'there'] },
    code: 'denied',
    hint: /no credentials were found.*tried here; there$/,
  },
  'an object with an object lock': {
    error: answer(403, 'AccessDenied', 'Access Denied because object protected by object lock.'),
    action: { ...GET, permission: 's3:DeleteObject' },
    code: 'denied',
    hint: /until its retention is over/,
  },
  'a refused read': {
    error: answer(403, 'AccessDenied'),
    code: 'denied',
    hint: /^profile ci needs s3:GetObject here; .*`aws sts get-caller-identity --region eu-west-1 --profile ci`/,
  },
  'a refused read of another store than AWS': {
    error: answer(403, 'AccessDenied'),
    in: MINIO,
    code: 'denied',
    hint: /^access key …MPLE needs s3:GetObject here; http:\/\/minio:9000 may also answer so when the bucket is not yours$/,
  },
  'a refused write with an ACL, tags and encryption': {
    error: answer(403, 'AccessDenied'),
    action: { ...PUT, says: { ACL: 'private', Tagging: 'a=b', ServerSideEncryption: 'aws:kms' } },
    code: 'denied',
    hint: /s3:PutObject \(and, .* s3:PutObjectAcl, s3:PutObjectTagging, kms:GenerateDataKey\)/,
  },
  'a refused write without encryption': {
    error: answer(403, 'AccessDenied'),
    action: PUT,
    code: 'denied',
    hint: /s3:PutObject here; .*; or a policy demands encryption, and none is asked for: --sse, --sse-kms-key-id$/,
  },
  'a refused write with encryption': {
    error: answer(403, 'AccessDenied'),
    action: { ...PUT, says: { ServerSideEncryption: 'AES256' } },
    code: 'denied',
    hint: /; or a policy demands another encryption than AES256/,
  },
  'a refused read with an expected bucket owner': {
    error: answer(403, 'AccessDenied'),
    in: { ...AWS, expectedBucketOwner: '123456789012' },
    code: 'denied',
    hint: /does not belong to account 123456789012/,
  },
  'an archived object': {
    error: answer(403, 'InvalidObjectState'),
    code: 'store-failed',
    hint: /aws s3api restore-object --bucket acme --key charts/,
  },
  'a wrong signature of a request with metadata': {
    error: answer(403, 'SignatureDoesNotMatch'),
    action: { ...PUT, hasMetadata: true },
    code: 'denied',
    hint: /metadata were sent/,
  },
  'a wrong checksum': {
    error: answer(400, 'XAmzContentSHA256Mismatch'),
    action: PUT,
    code: 'store-failed',
    hint: /changed on the way/,
  },
  'a store that asks to slow down': {
    error: answer(503, 'SlowDown'),
    code: 'store-failed',
    hint: /too much to do/,
    ambiguous: true,
  },
  'an endpoint that is not an S3 store': {
    error: answer(405, 'MethodNotAllowed'),
    in: MINIO,
    code: 'store-failed',
    hint: /no S3 store/,
  },
  'a gateway timeout': {
    error: answer(504, 'Unknown'),
    code: 'store-failed',
    hint: /proxies and load balancers/,
    ambiguous: true,
  },
  'an invalid argument': {
    error: answer(400, 'InvalidArgument'),
    action: { ...PUT, says: { Tagging: 'a=b' } },
    code: 'store-failed',
    hint: /look at --tags, the bucket name, the endpoint/,
  },
  'an internal error of a write with encryption': {
    error: answer(500, 'InternalError'),
    action: { ...PUT, says: { ServerSideEncryption: 'AES256' } },
    code: 'store-failed',
    hint: /try again;.*leave out --sse and AWS_S3_SSE$/,
    ambiguous: true,
  },
  'an internal error of a write with encryption from the repository settings': {
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
  'an unsupported operation with an ACL and encryption from the repository settings': {
    error: answer(501, 'NotImplemented'),
    action: {
      ...PUT,
      says: { ACL: 'private', ServerSideEncryption: 'aws:kms' },
      saidBy: { repository: 's3://acme/my charts', keys: ['acl', 'sse-kms-key-id'] },
    },
    code: 'unsupported-store',
    hint: /with the object: the repository says acl and sse-kms-key-id: `helm s3 config 's3:\/\/acme\/my charts' --unset acl --unset sse-kms-key-id` takes/,
  },
  'encryption from the repository settings in a store without keys': {
    error: answer(501, 'NotImplemented', 'Server side encryption specified but KMS is not configured'),
    action: {
      ...PUT,
      says: { ACL: 'private', ServerSideEncryption: 'AES256' },
      saidBy: { repository: 'stable', keys: ['acl', 'sse'] },
    },
    code: 'unsupported-store',
    hint: /no keys to encrypt with: the repository says sse: `helm s3 config stable --unset sse` takes that away for all, HELM_S3_REPOSITORY_DEFAULTS=false for this machine, or give/,
  },
  'an ACL from the repository settings in a bucket without ACLs': {
    error: answer(400, 'AccessControlListNotSupported'),
    action: { ...PUT, says: { ACL: 'private' }, saidBy: { repository: 'stable', keys: ['acl'] } },
    code: 'unsupported-store',
    hint: /BucketOwnerEnforced.*: the repository says acl: `helm s3 config stable --unset acl` takes/,
  },
  'an invalid argument of a write with encryption from the repository settings': {
    error: answer(400, 'InvalidArgument'),
    action: { ...PUT, says: { ServerSideEncryption: 'AES256' }, saidBy: { repository: 'stable', keys: ['sse'] } },
    code: 'store-failed',
    hint: /look at sse in `helm s3 config stable`, the bucket name, the endpoint$/,
  },
  'an internal error': {
    error: answer(500, 'InternalError'),
    code: 'store-failed',
    hint: /try again/,
    ambiguous: true,
  },
  'a host name that cannot be resolved': {
    error: { name: 'Error', code: 'ENOTFOUND', message: 'getaddrinfo ENOTFOUND' },
    code: 'unreachable',
    hint: /the name of AWS is not known here: look at the region eu-west-1/,
  },
  'a refused connection': {
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
  'a plain http endpoint with an https address': {
    error: { name: 'Error', code: 'EPROTO', message: 'wrong version number' },
    in: MINIO,
    code: 'unreachable',
    hint: /AWS_DISABLE_SSL=true/,
  },
  'an aborted request': {
    error: { name: 'AbortError', message: 'Request aborted' },
    code: 'timeout',
    hint: /--timeout/,
    ambiguous: true,
  },
  'a request without an answer': {
    error: { name: 'TimeoutError', message: '' },
    in: MINIO,
    code: 'timeout',
    hint: /minio:9000 stopped answering/,
    ambiguous: true,
  },
}

describe('an error of the store gets the right code and hint for', () => {
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

  it('a long message of several lines, as one line of limited length', () => {
    const { message } = toHelmS3Error(answer(400, 'X', `a\n  b${'c'.repeat(2000)}`), GET, AWS)
    assert.match(message, /X: a b/)
    assert.ok(!message.includes('\n') && message.length < 700)
  })

  it('an error of this program, which never leaves the outcome unknown', () => {
    assert.equal(isAmbiguous(toHelmS3Error(answer(500, 'X'), PUT, AWS)), false)
  })
})
