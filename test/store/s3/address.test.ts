import assert from 'node:assert/strict'
import { connectionSettings } from '../../../lib/settings/connection.ts'
import { type BucketAddress, plainAddress, sdkAddress } from '../../../lib/store/s3/address.ts'
import { silenceSdk } from '../../../lib/sys/silence-sdk.ts'

const REGIONS = [
  ...[
    'us-east-1',
    'us-east-2',
    'us-west-1',
    'us-west-2',
    'ca-central-1',
    'ca-west-1',
    'sa-east-1',
    'mx-central-1',
    'af-south-1',
    'me-south-1',
  ],
  ...[
    'me-central-1',
    'il-central-1',
    'eu-west-1',
    'eu-west-3',
    'eu-central-1',
    'eu-central-2',
    'eu-north-1',
    'eu-south-2',
    'ap-east-1',
    'ap-south-1',
  ],
  ...[
    'ap-northeast-1',
    'ap-northeast-3',
    'ap-southeast-1',
    'ap-southeast-7',
    'cn-north-1',
    'cn-northwest-1',
    'us-gov-west-1',
    'us-iso-east-1',
  ],
  ...['us-isob-east-1', 'eu-isoe-west-1', 'eusc-de-east-1', 'aws-global', 'local'],
]
const BUCKETS = [
  ...[
    'charts',
    'my-charts-01',
    '123',
    'a'.repeat(63),
    'with.dots',
    'Upper',
    'under_score',
    'ends-',
    'xn--charts',
    'alias-s3alias',
  ],
  ...['arn:aws:s3:us-east-1:123456789012:accesspoint:charts'],
]
const ENDPOINTS = [
  'http://127.0.0.1:9000',
  'https://store.example.test',
  'https://store.example.test/below/this/',
  'http://[::1]:9000',
]

function settings(env: Readonly<Record<string, string>> = {}): ReturnType<typeof connectionSettings> {
  return connectionSettings({}, undefined, env)
}

function bySdk(bucket: string, region: string, endpoint?: string): Promise<BucketAddress> {
  return sdkAddress(settings(), { bucket, endpoint, region })
}

describe('the address of a bucket', () => {
  before(silenceSdk)

  it('is the same as by the SDK, for each region and bucket name of AWS that needs no rules of the SDK', async () => {
    let plain = 0
    for (const region of REGIONS) {
      for (const bucket of BUCKETS) {
        const address = plainAddress(settings(), undefined, bucket, region)
        if (address === undefined) continue
        plain++
        assert.deepEqual(address, await bySdk(bucket, region), `${bucket} in ${region}`)
      }
    }
    assert.equal(plain, 24 * 4)
  })

  it('is the same as by the SDK at an endpoint', async () => {
    for (const endpoint of ENDPOINTS) {
      for (const bucket of BUCKETS.filter((name) => !name.startsWith('arn:'))) {
        assert.deepEqual(
          plainAddress(settings(), endpoint, bucket, 'us-east-1'),
          await bySdk(bucket, 'us-east-1', endpoint),
          `${bucket} at ${endpoint}`,
        )
      }
    }
  })

  it('is determined by the SDK for settings that need other hosts', () => {
    for (const env of [
      { AWS_USE_FIPS_ENDPOINT: 'true' },
      { AWS_USE_DUALSTACK_ENDPOINT: 'true' },
      { HELM_S3_FORCE_PATH_STYLE: 'true' },
    ]) {
      assert.equal(plainAddress(settings(env), undefined, 'charts', 'eu-west-1'), undefined)
    }
    assert.equal(
      plainAddress(
        settings({ HELM_S3_FORCE_PATH_STYLE: 'false' }),
        'https://store.example.test',
        'charts',
        'us-east-1',
      ),
      undefined,
    )
  })

  it('is refused for buckets that need another kind of signature', async () => {
    const special = ['charts--use1-az4--x-s3', 'arn:aws:s3::123456789012:accesspoint:charts.mrap']
    for (const bucket of special) await assert.rejects(bySdk(bucket, 'us-east-1'), { code: 'unsupported-store' })
  })
})
