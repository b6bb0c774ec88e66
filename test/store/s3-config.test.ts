import assert from 'node:assert/strict'
import { type S3Config, s3ConfigFromEnvironment } from '../../lib/store/s3-config.ts'

const CASES: Readonly<Record<string, readonly [Readonly<Record<string, string>>, Partial<S3Config>]>> = {
  'nothing is set': [{}, { endpoint: undefined, region: undefined, credentials: undefined, sse: undefined }],
  'the endpoint of the Go plugin is a host': [{ AWS_ENDPOINT: 'localhost:9000' }, { endpoint: 'https://localhost:9000' }],
  'the endpoint of the Go plugin is plain': [{ AWS_ENDPOINT: 'localhost:9000', AWS_DISABLE_SSL: 'true' }, { endpoint: 'http://localhost:9000' }],
  'only the exact value true is plain': [{ AWS_ENDPOINT: 'h', AWS_DISABLE_SSL: '1' }, { endpoint: 'https://h' }],
  'the endpoint of the Go plugin is a URL': [{ AWS_ENDPOINT: 'http://h:1', AWS_DISABLE_SSL: '' }, { endpoint: 'http://h:1' }],
  "the SDK's endpoints come first": [{ AWS_ENDPOINT: 'a', AWS_ENDPOINT_URL: 'http://b', AWS_ENDPOINT_URL_S3: 'http://c' }, { endpoint: 'http://c' }],
  'regions have an order': [{ AWS_DEFAULT_REGION: 'a', AWS_REGION: 'b', HELM_S3_REGION: 'c' }, { region: 'c' }],
  'AWS_DEFAULT_REGION counts': [{ AWS_DEFAULT_REGION: 'a', AWS_REGION: '' }, { region: 'a' }],
  'static keys win over a profile': [
    { AWS_PROFILE: 'p', AWS_ACCESS_KEY_ID: 'k', AWS_SECRET_ACCESS_KEY: 's', AWS_SESSION_TOKEN: 't' },
    { profile: 'p', credentials: { accessKeyId: 'k', secretAccessKey: 's', sessionToken: 't' } },
  ],
  'half a key pair is none': [{ AWS_ACCESS_KEY_ID: 'k' }, { credentials: undefined }],
  'encryption is copied': [{ AWS_S3_SSE: 'AES256' }, { sse: 'AES256' }],
}

describe('the way to the store, when', () => {
  for (const [what, [env, expected]] of Object.entries(CASES)) {
    it(what, () => {
      const config = s3ConfigFromEnvironment(env, 'private')
      for (const [name, value] of Object.entries(expected)) assert.deepEqual(config[name as keyof S3Config], value, name)
      assert.equal(config.acl, 'private')
    })
  }
})
