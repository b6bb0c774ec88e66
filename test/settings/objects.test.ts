import assert from 'node:assert/strict'
import {
  type ObjectParameters,
  type ObjectSettings,
  NO_OBJECT_SETTINGS,
  keysOfDefaults,
  objectParameters,
  objectSettings,
  withDefaults,
} from '../../lib/settings/objects.ts'

type Words = Readonly<Record<string, string>>

const CASES: Readonly<Record<string, readonly [Words, Words, ObjectParameters]>> = {
  'nothing is said': [{}, {}, {}],
  'the variables of the Go plugin': [
    {},
    { S3_ACL: 'private', AWS_S3_SSE: 'AES256' },
    { ACL: 'private', ServerSideEncryption: 'AES256' },
  ],
  'a kind of encryption that only the store knows, in a variable': [
    {},
    { AWS_S3_SSE: 'aws:fsx' },
    { ServerSideEncryption: 'aws:fsx' },
  ],
  'flags over variables': [
    { acl: 'public-read', sse: 'aws:kms', tags: 'a=b' },
    { S3_ACL: 'private', AWS_S3_SSE: 'AES256', HELM_S3_TAGS: 'c=d' },
    { ACL: 'public-read', ServerSideEncryption: 'aws:kms', Tagging: 'a=b' },
  ],
  'empty flags for nothing at all': [
    { acl: '', sse: '', tags: '' },
    { S3_ACL: 'private', AWS_S3_SSE: 'AES256', HELM_S3_TAGS: 'c=d' },
    {},
  ],
  'a key and its encryption': [
    { sse: 'aws:kms:dsse', 'sse-kms-key-id': 'alias/k' },
    {},
    { ServerSideEncryption: 'aws:kms:dsse', SSEKMSKeyId: 'alias/k' },
  ],
  'a key alone': [{ 'sse-kms-key-id': 'k' }, {}, { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'k' }],
  'a key alone, in a variable': [
    {},
    { HELM_S3_SSE_KMS_KEY_ID: 'k' },
    { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'k' },
  ],
  'a key for the encryption of a variable': [
    { 'sse-kms-key-id': 'k' },
    { AWS_S3_SSE: 'aws:kms:dsse' },
    { ServerSideEncryption: 'aws:kms:dsse', SSEKMSKeyId: 'k' },
  ],
  'a key against the encryption of a variable': [
    { 'sse-kms-key-id': 'k' },
    { AWS_S3_SSE: 'AES256' },
    { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'k' },
  ],
  'an encryption without the key of a variable': [
    { sse: 'AES256' },
    { HELM_S3_SSE_KMS_KEY_ID: 'k' },
    { ServerSideEncryption: 'AES256' },
  ],
  'an encryption with the key of a variable': [
    { sse: 'aws:kms' },
    { HELM_S3_SSE_KMS_KEY_ID: 'k' },
    { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'k' },
  ],
  'tags in the form of a query': [
    { tags: 'team=a+b=c, stage = prod ,Ümlaut=é,empty=' },
    {},
    { Tagging: 'team=a%2Bb%3Dc&stage=prod&%C3%9Cmlaut=%C3%A9&empty=' },
  ],
}

const REFUSED: Readonly<Record<string, readonly [Words, Words, string, RegExp]>> = {
  'an unknown encryption': [{ sse: 'rot13' }, {}, 'usage', /"--sse" flag: must be AES256 or aws:kms or aws:kms:dsse/],
  'a key for an encryption that takes none': [
    { sse: 'AES256', 'sse-kms-key-id': 'k' },
    {},
    'usage',
    /"--sse-kms-key-id" flag: --sse=AES256 takes no key/,
  ],
  'the same in variables': [
    {},
    { AWS_S3_SSE: 'AES256', HELM_S3_SSE_KMS_KEY_ID: 'k' },
    'invalid-config',
    /^HELM_S3_SSE_KMS_KEY_ID=k: AWS_S3_SSE=AES256 takes no key/,
  ],
  'a line break in an ACL': [{ acl: 'private\nx: y' }, {}, 'usage', /printable/],
  'a tag without a value': [{ tags: 'a' }, {}, 'usage', /"--tags" flag: "a" has no value/],
  'a tag without a key': [{ tags: '=b' }, {}, 'usage', /without a key/],
  'a key twice': [{ tags: 'a=1,a=2' }, {}, 'usage', /stands there twice/],
  'eleven tags': [
    { tags: Array.from({ length: 11 }, (_, i) => `k${String(i)}=v`).join(',') },
    {},
    'usage',
    /11 tags, and an object can have 10/,
  ],
  'a long key': [{ tags: `${'k'.repeat(129)}=v` }, {}, 'usage', /longer than 128/],
  'a long value': [{ tags: `k=${'v'.repeat(257)}` }, {}, 'usage', /longer than 256/],
  'a key of AWS': [{ tags: 'aws:x=y' }, {}, 'usage', /for AWS alone/],
  'a character that no tag may hold': [{ tags: 'k=a&b' }, {}, 'usage', /holds more than letters/],
  'bad tags in a variable': [{}, { HELM_S3_TAGS: 'a' }, 'invalid-config', /^HELM_S3_TAGS=a: /],
}

describe('what is said with every object:', () => {
  for (const [what, [flags, env, expected]] of Object.entries(CASES)) {
    it(what, () => {
      assert.deepEqual(objectParameters(objectSettings(flags, env)), expected)
    })
  }

  it('defaults of a repository count where flags and variables say nothing', () => {
    const defaults: ObjectSettings = { acl: 'private', sse: 'aws:kms', sseKmsKeyId: 'theirs', tags: { a: 'b' } }
    const result = (flags: Words): ObjectParameters =>
      objectParameters(withDefaults(objectSettings(flags, {}), defaults))
    assert.deepEqual(result({}), {
      ACL: 'private',
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: 'theirs',
      Tagging: 'a=b',
    })
    assert.deepEqual(result({ sse: 'AES256', acl: '' }), { ServerSideEncryption: 'AES256', Tagging: 'a=b' })
    assert.deepEqual(result({ 'sse-kms-key-id': 'ours', tags: 'c=d' }), {
      ACL: 'private',
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: 'ours',
      Tagging: 'c=d',
    })
    assert.deepEqual(withDefaults(defaults, NO_OBJECT_SETTINGS), defaults)
  })
})

describe('what is said with every object cannot be', () => {
  for (const [what, [flags, env, code, says]] of Object.entries(REFUSED)) {
    it(what, () => {
      assert.throws(
        () => objectSettings(flags, env),
        (error: unknown) => {
          assert.ok(error instanceof Error && 'code' in error)
          assert.equal(error.code, code)
          assert.match(error.message, says)
          return true
        },
      )
    })
  }

  it('knows which settings are those of the repository', () => {
    const keys = (flags: Words, said: Partial<ObjectSettings>): readonly string[] =>
      keysOfDefaults(objectSettings(flags, {}), { ...NO_OBJECT_SETTINGS, ...said })
    assert.deepEqual(keys({}, {}), [])
    assert.deepEqual(keys({}, { acl: 'private', sse: 'aws:kms', sseKmsKeyId: 'k' }), ['acl', 'sse', 'sse-kms-key-id'])
    assert.deepEqual(keys({ acl: 'private', sse: 'AES256' }, { acl: 'private', sse: 'AES256' }), [])
    assert.deepEqual(keys({ sse: '' }, { acl: '', sse: 'AES256' }), [])
    assert.deepEqual(keys({ sse: 'AES256' }, { sse: 'aws:kms', sseKmsKeyId: 'k' }), [])
    assert.deepEqual(keys({ sse: 'aws:kms' }, { sse: 'aws:kms', sseKmsKeyId: 'k' }), ['sse-kms-key-id'])
    assert.deepEqual(keys({ 'sse-kms-key-id': 'k' }, { sse: 'AES256' }), [])
  })
})
