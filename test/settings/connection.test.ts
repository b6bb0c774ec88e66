import assert from 'node:assert/strict'
import { HelmS3Error } from '../../lib/errors.ts'
import { type ConnectionSettings, connectionSettings } from '../../lib/settings/connection.ts'

interface Given {
  readonly flags?: Readonly<Record<string, string>>
  readonly query?: string
  readonly env?: Readonly<Record<string, string>>
}

const KEYS = { AWS_ACCESS_KEY_ID: 'k', AWS_SECRET_ACCESS_KEY: 's' }

const CASES: Readonly<Record<string, readonly [Given, Partial<ConnectionSettings>]>> = {
  'nothing is said': [
    {},
    {
      endpoint: undefined,
      region: undefined,
      profile: undefined,
      credentials: undefined,
      followsRegion: true,
      asksInstance: true,
    },
  ],
  'a flag, the URL and the environment name a region': [
    { flags: { region: 'eu-west-1' }, query: 'region=eu-west-2', env: { AWS_REGION: 'eu-west-3' } },
    { region: 'eu-west-1' },
  ],
  'the URL and the environment name a region': [
    { query: 'region=eu-west-2', env: { HELM_S3_REGION: 'eu-west-3' } },
    { region: 'eu-west-2' },
  ],
  'variables name regions': [
    { env: { AWS_DEFAULT_REGION: 'a', AWS_REGION: 'b', HELM_S3_REGION: 'c' } },
    { region: 'c' },
  ],
  'a variable is empty': [{ env: { AWS_DEFAULT_REGION: 'a', AWS_REGION: '' } }, { region: 'a' }],
  'a flag and a query are empty': [
    { flags: { region: '' }, query: 'region=', env: { AWS_REGION: 'b' } },
    { region: 'b' },
  ],
  'the endpoint of the Go plugin is a host': [
    { env: { AWS_ENDPOINT: 'localhost:9000' } },
    { endpoint: 'https://localhost:9000' },
  ],
  'the endpoint of the Go plugin is plain': [
    { env: { AWS_ENDPOINT: 'localhost:9000', AWS_DISABLE_SSL: 'true' } },
    { endpoint: 'http://localhost:9000' },
  ],
  'only the exact value true is plain': [
    { env: { AWS_ENDPOINT: 'h', AWS_DISABLE_SSL: '1' } },
    { endpoint: 'https://h' },
  ],
  'the endpoint of the Go plugin is a URL': [
    { env: { AWS_ENDPOINT: 'http://h:1', AWS_DISABLE_SSL: '' } },
    { endpoint: 'http://h:1' },
  ],
  'variables name endpoints': [
    {
      env: {
        AWS_ENDPOINT: 'a',
        AWS_ENDPOINT_URL: 'http://b',
        AWS_ENDPOINT_URL_S3: 'http://c',
        HELM_S3_ENDPOINT_URL: 'http://d',
      },
    },
    { endpoint: 'http://d' },
  ],
  "the SDK's variables name endpoints": [
    { env: { AWS_ENDPOINT: 'a', AWS_ENDPOINT_URL: 'http://b', AWS_ENDPOINT_URL_S3: 'http://c' } },
    { endpoint: 'http://c' },
  ],
  'a flag and the URL name endpoints': [
    { flags: { 'endpoint-url': 'http://a' }, query: 'endpoint=http://b' },
    { endpoint: 'http://a' },
  ],
  'the URL names an endpoint': [
    { query: 'endpoint=localhost:9000', env: { AWS_DISABLE_SSL: 'true', AWS_ENDPOINT_URL: 'http://b' } },
    { endpoint: 'http://localhost:9000' },
  ],
  'there are keys and AWS_PROFILE': [
    { env: { ...KEYS, AWS_SESSION_TOKEN: 't', AWS_PROFILE: 'p' } },
    { profile: 'p', credentials: { accessKeyId: 'k', secretAccessKey: 's', sessionToken: 't' } },
  ],
  'there are keys and --profile': [
    { flags: { profile: 'q' }, env: { ...KEYS, AWS_PROFILE: 'p' } },
    { profile: 'q', credentials: undefined },
  ],
  'there are keys and a profile in the URL': [
    { query: 'profile=q', env: KEYS },
    { profile: 'q', credentials: undefined },
  ],
  'there are keys and HELM_S3_PROFILE': [
    { env: { ...KEYS, HELM_S3_PROFILE: 'q' } },
    { profile: 'q', credentials: undefined },
  ],
  'AWS_DEFAULT_PROFILE names a profile': [{ env: { AWS_DEFAULT_PROFILE: 'p' } }, { profile: 'p' }],
  'AWS_PROFILE names one, too': [{ env: { AWS_DEFAULT_PROFILE: 'p', AWS_PROFILE: 'q' } }, { profile: 'q' }],
  'half a key pair is there': [{ env: { AWS_ACCESS_KEY_ID: 'k' } }, { credentials: undefined }],
  'there is a web identity': [
    { env: { AWS_ROLE_ARN: 'r', AWS_WEB_IDENTITY_TOKEN_FILE: 'f' } },
    { webIdentity: { roleArn: 'r', tokenFile: 'f' } },
  ],
  'half a web identity is there': [{ env: { AWS_ROLE_ARN: 'r' } }, { webIdentity: undefined }],
  'there is a container': [
    { env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1/' } },
    { hasContainer: true },
  ],
  'instance metadata is switched off': [{ env: { AWS_EC2_METADATA_DISABLED: 'true' } }, { asksInstance: false }],
  'redirects are switched off': [{ env: { HELM_S3_DYNAMIC_REGION_ENABLED: 'F' } }, { followsRegion: false }],
  'redirects are switched off in no form of Go': [
    { env: { HELM_S3_DYNAMIC_REGION_ENABLED: 'no' } },
    { followsRegion: true },
  ],
  'an owner is expected': [
    { flags: { 'expected-bucket-owner': '123456789012' }, env: { HELM_S3_EXPECTED_BUCKET_OWNER: '210987654321' } },
    { expectedBucketOwner: '123456789012' },
  ],
  'a variable expects an owner': [
    { env: { HELM_S3_EXPECTED_BUCKET_OWNER: '210987654321' } },
    { expectedBucketOwner: '210987654321' },
  ],
  'a CA bundle is named': [{ env: { AWS_CA_BUNDLE: '/ca.pem' } }, { caBundle: '/ca.pem' }],
  'virtual-host style is asked for': [{ env: { HELM_S3_FORCE_PATH_STYLE: 'false' } }, { pathStyle: false }],
  'profiles may not name endpoints': [
    { env: { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' } },
    { ignoresProfileEndpoint: true },
  ],
}

const REFUSED: Readonly<Record<string, readonly [Given, string, RegExp]>> = {
  'a region that is none': [
    { flags: { region: 'eu/west' } },
    'usage',
    /^invalid argument "eu\/west" for "--region" flag: not the name of a region$/,
  ],
  'a region in a variable that is none': [
    { env: { AWS_REGION: 'evil.example.org#' } },
    'invalid-config',
    /^AWS_REGION=evil/,
  ],
  'a name in the URL that is none': [
    { query: 'regoin=eu-west-1' },
    'invalid-url',
    /^\?regoin= of the repository URL is unknown$/,
  ],
  'a name in the URL with another case': [
    { query: 'region=eu-west-1&Endpoint=http://h' },
    'invalid-url',
    /^\?Endpoint= of the repository URL/,
  ],
  'a name in the URL with two values': [
    { query: 'endpoint=http://a&endpoint=http://b' },
    'invalid-url',
    /^\?endpoint= occurs twice/,
  ],
  'a region in the URL that is none': [{ query: 'region=a.b' }, 'invalid-url', /^\?region=a\.b of the repository URL/],
  'an endpoint that is no URL': [{ flags: { 'endpoint-url': 'http://' } }, 'usage', /"--endpoint-url" flag: not a URL/],
  'an endpoint that is no web address': [
    { env: { AWS_ENDPOINT_URL: 'file:///etc' } },
    'invalid-config',
    /AWS_ENDPOINT_URL=file:\/\/\/etc: not an http/,
  ],
  'an endpoint with a password, without showing it': [
    { flags: { 'endpoint-url': 'http://me:hidden@h' } },
    'usage',
    /^(?!.*hidden).*a password$/,
  ],
  'an owner that is no account': [{ flags: { 'expected-bucket-owner': 'acme' } }, 'usage', /not an account id/],
}

describe('how a bucket is reached, when', () => {
  for (const [what, [{ flags = {}, query = '', env = {} }, expected]] of Object.entries(CASES)) {
    it(what, () => {
      const settings = connectionSettings(flags, new URLSearchParams(query), env)
      for (const [name, value] of Object.entries(expected))
        assert.deepEqual(settings[name as keyof ConnectionSettings], value, name)
    })
  }
})

describe('how a bucket is reached cannot be', () => {
  for (const [what, [{ flags = {}, query = '', env = {} }, code, says]] of Object.entries(REFUSED)) {
    it(what, () => {
      assert.throws(
        () => connectionSettings(flags, new URLSearchParams(query), env),
        (error: unknown) => {
          assert.ok(error instanceof HelmS3Error && error.hint !== undefined)
          assert.equal(error.code, code)
          assert.match(error.message, says)
          return true
        },
      )
    })
  }
})
