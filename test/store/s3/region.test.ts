import assert from 'node:assert/strict'
import { asKey } from '../../../lib/core/keys.ts'
import { HelmS3Error } from '../../../lib/errors.ts'
import { connectionSettings } from '../../../lib/settings/connection.ts'
import type { ObjectStore } from '../../../lib/store/object-store.ts'
import { createS3Store } from '../../../lib/store/s3/store.ts'
import { useEmbeddedBucket } from '../../support/embedded-bucket.ts'
import { type ForwardProxy, startForwardProxy } from '../../support/forward-proxy.ts'
import { TEST_CA } from '../../support/local-server.ts'
import { useProcessEnvironment } from '../../support/process-environment.ts'
import { type RegionalFront, startRegionalFront } from '../../support/regional-front.ts'

const KEYS = { accessKeyId: 'regions', secretAccessKey: 'a-secret-never-shown' }
const KEY = asKey('charts/object')
const BYTES = Buffer.from('bytes')

describe('the region of a bucket', () => {
  const setVariables = useProcessEnvironment()
  const embedded = useEmbeddedBucket(KEYS)
  let front: RegionalFront
  let variables: Record<string, string>
  let regions: Map<string, string>

  beforeEach(async () => {
    regions = new Map()
    front = await startRegionalFront(embedded().endpoint, 'eu-west-1')
    variables = {
      AWS_ENDPOINT_URL: front.url,
      AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
      AWS_CONFIG_FILE: '/dev/null',
    }
  })
  afterEach(() => front.close())

  const open = (
    more: Readonly<Record<string, string>> = {},
    detail?: (line: string) => void,
    bucket = 'bucket',
  ): Promise<ObjectStore> =>
    createS3Store(connectionSettings({}, undefined, setVariables({ ...variables, ...more })), bucket, {
      regions,
      ...(detail === undefined ? {} : { detail }),
    })

  for (const redirect of ['PermanentRedirect', 'TemporaryRedirect', 'AuthorizationHeaderMalformed'] as const) {
    const status = { PermanentRedirect: 301, TemporaryRedirect: 307, AuthorizationHeaderMalformed: 400 }[redirect]
    it(`is learned from a redirected request (${redirect}), once for all stores that share their regions`, async () => {
      front.redirect = redirect
      const said: string[] = []
      const store = await open({ AWS_REGION: 'us-east-1' }, (line) => said.push(line))
      await store.list('charts/')
      await store.get(asKey('charts/none'))
      await (await open()).list('charts/')
      assert.deepEqual(front.lines, [
        `GET /bucket us-east-1 ${String(status)}`,
        'GET /bucket eu-west-1 200',
        'GET /bucket/charts/none eu-west-1 404',
        'GET /bucket eu-west-1 200',
      ])
      assert.deepEqual(said, ['helm-s3: the store says that the bucket is in eu-west-1, not in us-east-1'])
    })
  }

  it('is learned from the answer to HEAD, which has no body', async () => {
    assert.equal(await (await open()).head(KEY), undefined)
    assert.deepEqual(front.lines, [
      'HEAD /bucket/charts/object us-east-1 400',
      'HEAD /bucket/charts/object eu-west-1 404',
    ])
  })

  it('is learned from a PUT that the store redirects, which is sent again once', async () => {
    const put = await (await open()).put(KEY, BYTES, { when: 'absent' })
    assert.ok(put.outcome === 'written')
    assert.deepEqual(front.lines, [
      'PUT /bucket/charts/object us-east-1 301',
      'PUT /bucket/charts/object eu-west-1 200',
    ])
    const other = await open({ AWS_REGION: 'ap-south-1' })
    assert.equal((await other.put(KEY, BYTES, { when: 'absent' })).outcome, 'refused')
    assert.equal((await other.delete(KEY, { match: put.etag })).outcome, 'deleted')
  })

  for (const redirect of ['PermanentRedirect', 'TemporaryRedirect', 'AuthorizationHeaderMalformed'] as const) {
    it(`is learned from a PUT with a time limit (${redirect})`, async () => {
      front.redirect = redirect
      const put = await (await open()).put(KEY, BYTES, { when: 'always', until: Date.now() + 60_000 })
      assert.equal(put.outcome, 'written')
      assert.deepEqual(
        front.lines.map((line) => line.split(' ')[2]),
        ['us-east-1', 'eu-west-1'],
      )
    })
  }

  it('is learned when many requests are sent at the same time', async () => {
    const store = await open()
    const found = await Promise.all(Array.from({ length: 20 }, () => store.get(asKey('charts/none'))))
    assert.ok(found.every((object) => object === undefined))
    assert.ok(front.lines.length <= 40)
  })

  it('is not looked for again when a redirect names no region', async () => {
    const strange = await startRegionalFront(embedded().endpoint, 'no-such-region')
    try {
      strange.redirect = 'without a region'
      const store = await open({ AWS_ENDPOINT_URL: strange.url })
      await assert.rejects(
        store.list('charts/'),
        (error: unknown) => error instanceof HelmS3Error && /does not say to which region/.test(error.hint ?? ''),
      )
      assert.equal(strange.lines.length, 1)
    } finally {
      await strange.close()
    }
  })

  it('is not followed, with an error and no further request, when HELM_S3_DYNAMIC_REGION_ENABLED is false', async () => {
    const store = await open({ HELM_S3_DYNAMIC_REGION_ENABLED: 'false' })
    const attempts = [
      () => store.list('charts/'),
      () => store.head(KEY),
      () => store.put(KEY, BYTES, { when: 'absent' }),
    ]
    for (const attempt of attempts) {
      await assert.rejects(attempt(), (error: unknown) => {
        assert.ok(error instanceof HelmS3Error && error.code === 'store-failed')
        assert.match(
          error.hint ?? '',
          /bucket is in eu-west-1: use --region eu-west-1, or .*HELM_S3_DYNAMIC_REGION_ENABLED/,
        )
        return true
      })
    }
    assert.equal(front.lines.length, attempts.length)
  })

  describe('on AWS', () => {
    let aws: RegionalFront
    let proxy: ForwardProxy
    beforeEach(async () => {
      aws = await startRegionalFront(embedded().endpoint, 'eu-west-1', { tls: true })
      proxy = await startForwardProxy(aws.port)
      variables = { ...variables, AWS_ENDPOINT_URL: '', HTTPS_PROXY: proxy.url, AWS_CA_BUNDLE: TEST_CA }
    })
    afterEach(async () => {
      await proxy.close()
      await aws.close()
    })

    it('is learned, and its host is used, in path style', async () => {
      const store = await open({ HELM_S3_FORCE_PATH_STYLE: 'true' })
      assert.equal((await store.put(KEY, BYTES, { when: 'always' })).outcome, 'written')
      assert.deepEqual(proxy.lines, [
        'CONNECT s3.us-east-1.amazonaws.com:443',
        'CONNECT s3.eu-west-1.amazonaws.com:443',
      ])
    })

    it('is part of the host name in virtual-host style', async () => {
      const store = await open({ AWS_REGION: 'us-east-1', HELM_S3_DYNAMIC_REGION_ENABLED: '0' }, undefined, 'hosted')
      await assert.rejects(store.list('charts/'), { code: 'store-failed' })
      assert.deepEqual(proxy.lines, ['CONNECT hosted.s3.us-east-1.amazonaws.com:443'])
    })

    it('is part of the host name with FIPS and dual-stack, which are ignored when an endpoint is set', async () => {
      const kinds = { AWS_USE_FIPS_ENDPOINT: 'true', AWS_USE_DUALSTACK_ENDPOINT: 'true' }
      await assert.rejects((await open(kinds, undefined, 'hosted')).list('charts/'), { code: 'unreachable' })
      assert.deepEqual(proxy.lines, ['CONNECT hosted.s3-fips.dualstack.us-east-1.amazonaws.com:443'])
      await (await open({ ...kinds, AWS_ENDPOINT_URL: front.url })).list('charts/')
      assert.equal(proxy.lines.length, 1)
    })
  })
})
