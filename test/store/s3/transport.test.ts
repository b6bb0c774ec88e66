import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { asKey } from '../../../lib/core/keys.ts'
import { HelmS3Error } from '../../../lib/errors.ts'
import { connectionSettings } from '../../../lib/settings/connection.ts'
import { type ObjectSettings, NO_OBJECT_SETTINGS } from '../../../lib/settings/objects.ts'
import type { ObjectStore } from '../../../lib/store/object-store.ts'
import { createS3Store } from '../../../lib/store/s3/store.ts'
import { useEmbeddedBucket } from '../../support/embedded-bucket.ts'
import { type ForwardProxy, startForwardProxy } from '../../support/forward-proxy.ts'
import { TEST_CA, answerWith, startServer } from '../../support/local-server.ts'
import { useProcessEnvironment } from '../../support/process-environment.ts'
import { type RegionalFront, startRegionalFront } from '../../support/regional-front.ts'
import { useTempFolder } from '../../support/temp-folder.ts'

const KEYS = { accessKeyId: 'transport', secretAccessKey: 'a-secret-never-shown' }
const KEY = asKey('charts/object')

describe('the connection to a store', () => {
  const setVariables = useProcessEnvironment()
  const path = useTempFolder()
  const embedded = useEmbeddedBucket(KEYS)
  let secure: RegionalFront

  before(async () => {
    secure = await startRegionalFront(embedded().endpoint, 'us-east-1', { tls: true })
  })
  after(() => secure.close())

  const open = (
    variables: Readonly<Record<string, string>>,
    objects?: () => Promise<ObjectSettings>,
  ): Promise<ObjectStore> => {
    const keys = {
      AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
      AWS_CONFIG_FILE: path('config'),
    }
    const connection = connectionSettings({}, undefined, setVariables({ ...keys, ...variables }))
    return createS3Store(connection, 'bucket', objects === undefined ? {} : { objectSettings: objects })
  }
  const works = async (store: ObjectStore): Promise<void> => {
    assert.equal((await store.put(KEY, Buffer.from('x'), { when: 'always' })).outcome, 'written')
    assert.ok(await store.get(KEY))
  }

  describe('through a proxy', () => {
    const proxies: ForwardProxy[] = []
    const start = async (port: number, options: { readonly password?: string } = {}): Promise<ForwardProxy> => {
      const proxy = await startForwardProxy(port, options)
      proxies.push(proxy)
      return proxy
    }
    const plainPort = (): number => Number(new URL(embedded().endpoint).port)
    afterEach(async () => {
      for (const proxy of proxies.splice(0)) await proxy.close()
    })

    for (const name of ['HTTP_PROXY', 'http_proxy']) {
      it(`uses ${name} for an http endpoint`, async () => {
        const proxy = await start(plainPort())
        await works(await open({ AWS_ENDPOINT_URL: 'http://store.example.test', [name]: proxy.url }))
        assert.ok(proxy.lines.includes('PUT http://store.example.test/bucket/charts/object'), proxy.lines.join())
      })
    }

    for (const name of ['HTTPS_PROXY', 'https_proxy']) {
      it(`uses ${name} for an https endpoint, and trusts the CA bundle for the store`, async () => {
        const proxy = await start(secure.port)
        const variables = { AWS_ENDPOINT_URL: 'https://store.example.test', [name]: proxy.url }
        await works(await open({ ...variables, AWS_CA_BUNDLE: TEST_CA }))
        assert.deepEqual([...new Set(proxy.lines)], ['CONNECT store.example.test:443'])
        await assert.rejects((await open({ ...variables, AWS_CA_BUNDLE: '' })).get(KEY), { code: 'unreachable' })
      })
    }

    it('bypasses the proxy for hosts in NO_PROXY and for this machine', async () => {
      const proxy = await start(1)
      await works(await open({ AWS_ENDPOINT_URL: embedded().endpoint, HTTP_PROXY: proxy.url }))
      const beside = { AWS_ENDPOINT_URL: 'http://no-such-host.invalid', HTTP_PROXY: proxy.url, NO_PROXY: '.invalid' }
      await assert.rejects((await open(beside)).put(KEY, Buffer.from('x'), { when: 'always' }), { code: 'unreachable' })
      assert.deepEqual(proxy.lines, [])
    })

    it('sends the name and the password of the proxy URL to the proxy, and does not show the password', async () => {
      const proxy = await start(secure.port, { password: 'hidden-word' })
      const variables = { AWS_ENDPOINT_URL: 'https://store.example.test', AWS_CA_BUNDLE: TEST_CA }
      await works(await open({ ...variables, HTTPS_PROXY: proxy.url.replace('//', '//me:hidden-word@') }))
      await assert.rejects(
        (await open({ ...variables, HTTPS_PROXY: proxy.url.replace('//', '//me:wrong-word@') })).get(KEY),
        (error: unknown) => {
          assert.ok(error instanceof HelmS3Error && error.code === 'denied', String(error))
          assert.match(error.hint ?? '', /proxy asks for a name and a password/)
          assert.doesNotMatch(error.message + String(error.hint), /wrong-word/)
          return true
        },
      )
    })

    it('fails as unreachable when there is no proxy at the address', async () => {
      const proxy = await start(1)
      await proxy.close()
      const variables = { AWS_ENDPOINT_URL: 'http://store.example.test', HTTP_PROXY: proxies.pop()?.url ?? '' }
      await assert.rejects((await open(variables)).put(KEY, Buffer.from('x'), { when: 'absent' }), {
        code: 'unreachable',
      })
    })
  })

  describe('over TLS', () => {
    it('trusts the CA bundle of the environment, or that of the profile', async () => {
      await works(await open({ AWS_ENDPOINT_URL: secure.url, AWS_CA_BUNDLE: TEST_CA }))
      writeFileSync(
        path('tls'),
        `[default]\nca_bundle = ${TEST_CA}\nregion = us-east-1\nendpoint_url = ${secure.url}\n`,
      )
      await works(await open({ AWS_CONFIG_FILE: path('tls') }))
    })

    it('refuses an untrusted certificate', async () => {
      const store = await open({ AWS_ENDPOINT_URL: secure.url })
      await assert.rejects(
        store.put(KEY, Buffer.from('x'), { when: 'absent' }),
        (error: unknown) => error instanceof HelmS3Error && /set AWS_CA_BUNDLE/.test(error.hint ?? ''),
      )
    })

    it('refuses a CA bundle without a certificate', async () => {
      const empty = path('empty.pem')
      writeFileSync(empty, 'nothing')
      await assert.rejects(open({ AWS_CA_BUNDLE: empty }), {
        code: 'invalid-config',
        message: `the CA bundle ${empty} holds no certificate`,
      })
      await assert.rejects(open({ AWS_CA_BUNDLE: path('none.pem') }), {
        code: 'invalid-config',
        message: /no such file/,
      })
    })

    it('fails with a hint when the endpoint does not use TLS', async () => {
      const store = await open({ AWS_ENDPOINT_URL: embedded().endpoint.replace('http:', 'https:') })
      await assert.rejects(
        store.get(KEY),
        (error: unknown) => error instanceof HelmS3Error && /AWS_DISABLE_SSL=true/.test(error.hint ?? ''),
      )
    })
  })

  describe('with settings that become headers', () => {
    const seen: Record<string, unknown>[] = []
    const watched = async (
      variables: Readonly<Record<string, string>>,
      objects?: () => Promise<ObjectSettings>,
      run?: (store: ObjectStore) => Promise<unknown>,
    ): Promise<void> => {
      seen.length = 0
      const server = await startServer((message, answer) => {
        seen.push({ method: message.method, ...message.headers })
        message.resume()
        answerWith(answer, 200, '', { etag: '"1"' })
      })
      try {
        await run?.(await open({ ...variables, AWS_ENDPOINT_URL: server.url }, objects))
      } finally {
        await server.close()
      }
    }

    it('sends the expected bucket owner with every request', async () => {
      await watched({ HELM_S3_EXPECTED_BUCKET_OWNER: '123456789012' }, undefined, async (store) => {
        await store.head(KEY)
        await store.put(KEY, Buffer.from('x'), { when: 'always' })
        await store.delete(KEY)
      })
      assert.deepEqual(
        seen.map((each) => [each['method'], each['x-amz-expected-bucket-owner']]),
        ['HEAD', 'PUT', 'DELETE'].map((method) => [method, '123456789012']),
      )
      assert.ok(seen.every(({ authorization }) => String(authorization).includes('x-amz-expected-bucket-owner')))
    })

    it('sends the object settings with every PUT only, and reads them once, before the first PUT', async () => {
      let asked = 0
      const objects = async (): Promise<ObjectSettings> => {
        asked++
        return { ...NO_OBJECT_SETTINGS, acl: 'private', sseKmsKeyId: 'alias/k', tags: { 'a b': 'c+d' } }
      }
      await watched({}, objects, async (store) => {
        await store.head(KEY)
        await store.delete(KEY)
        assert.equal(asked, 0)
        await Promise.all([
          store.put(KEY, Buffer.from('x'), { when: 'always' }),
          store.put(asKey('y'), Buffer.from('y'), { when: 'absent' }),
        ])
        assert.equal(asked, 1)
      })
      const said = (each: Record<string, unknown>): unknown[] =>
        [
          'x-amz-acl',
          'x-amz-server-side-encryption',
          'x-amz-server-side-encryption-aws-kms-key-id',
          'x-amz-tagging',
        ].map((name) => each[name])
      assert.deepEqual(
        seen.filter(({ method }) => method === 'PUT').map(said),
        Array.from({ length: 2 }, () => ['private', 'aws:kms', 'alias/k', 'a%20b=c%2Bd']),
      )
      assert.deepEqual(
        seen
          .filter(({ method }) => method !== 'PUT')
          .flatMap(said)
          .filter((value) => value !== undefined),
        [],
      )
    })
  })
})
