import assert from 'node:assert/strict'
import pLimit from 'p-limit'
import { asKey } from '../../../lib/core/keys.ts'
import { createS3Store } from '../../../lib/store/s3/store.ts'
import { type LocalServer, startServer } from '../../support/local-server.ts'
import { localConfig } from '../../support/s3-buckets.ts'

const KEYS = { accessKeyId: 'throttled', secretAccessKey: 'secret' }
const SLOW_DOWN =
  '<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code><Message>Please reduce your request ' +
  'rate.</Message></Error>'
const AT_ONCE = 24
const REQUESTS = 120
/** The number of requests that the store accepts within one second. */
const RATE = 60

describe('the S3 adapter on a store that asks to slow down', () => {
  let server: LocalServer
  let refused = 0
  let taken: number[] = []
  before(async () => {
    server = await startServer((_, answer) => {
      const now = Date.now()
      taken = taken.filter((time) => now - time < 1000)
      const isTooMuch = taken.length >= RATE
      if (isTooMuch) refused++
      else taken.push(now)
      answer.writeHead(isTooMuch ? 503 : 200, {
        date: new Date().toUTCString(),
        etag: '"e"',
        'content-length': isTooMuch ? SLOW_DOWN.length : 2,
      })
      answer.end(isTooMuch ? SLOW_DOWN : 'ok')
    })
  })
  after(() => server.close())

  it('adapts its rate, and completes every request', async () => {
    const store = await createS3Store(localConfig({ endpoint: server.url, ...KEYS }), 'bucket')
    const limit = pLimit(AT_ONCE)
    const all = Array.from({ length: REQUESTS }, (_, i) => limit(() => store.get(asKey(`object-${String(i)}`))))
    const bodies = (await Promise.all(all)).map((object) => Buffer.from(object?.body ?? []).toString())
    assert.deepEqual(new Set(bodies), new Set(['ok']))
    assert.ok(refused > 0, 'the store asked to slow down')
    // Without adapting, each request above the rate would be refused repeatedly.
    assert.ok(refused < REQUESTS, `${String(refused)} refused`)
  })
})
