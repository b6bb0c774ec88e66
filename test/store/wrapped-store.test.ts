import assert from 'node:assert/strict'
import { asKey } from '../../lib/core/keys.ts'
import { HelmS3Error } from '../../lib/errors.ts'
import { stopFailingWrites } from '../../lib/protocol/write/failing-writes.ts'
import { alteredStore, alteredUploads } from '../../lib/store/altered-store.ts'
import { MemoryStore } from '../../lib/store/memory-store.ts'
import type { CopyOutcome, ObjectStore } from '../../lib/store/object-store.ts'
import { followStoreClock } from '../../lib/store/store-clock.ts'
import { skippingClock } from '../support/skipping-clock.ts'

const KEY = asKey('charts/index.yaml')
const NOW = Date.parse('2026-11-27T00:00:00Z')

async function compose(store: ObjectStore, key = KEY): Promise<CopyOutcome> {
  const { uploads } = store
  assert.ok(uploads !== undefined)
  const upload = await uploads.begin(key, {})
  assert.ok(upload !== 'unsupported')
  const part = await uploads.sendPart(upload, 1, Buffer.from('bytes'))
  assert.ok(part !== 'unsupported')
  return uploads.complete(upload, [part], { when: 'always' })
}

describe('a store in memory', () => {
  it('has no uploads with composes: false', () => {
    assert.equal(new MemoryStore({ now: () => NOW, composes: false }).uploads, undefined)
  })

  it('accepts parts of the given smallest size', async () => {
    const store = new MemoryStore({ now: () => NOW, minPartSize: 3 })
    const source = await store.put(KEY, Buffer.from('0123456'), { when: 'always' })
    assert.ok(source.outcome === 'written' && store.uploads !== undefined)
    const upload = await store.uploads.begin(KEY, {})
    assert.ok(upload !== 'unsupported')
    const from = { bucket: 'any', key: KEY, etag: source.etag }
    const copied = await store.uploads.copyPart(upload, 1, { ...from, range: { start: 1, end: 4 } })
    const small = await store.uploads.sendPart(upload, 2, Buffer.from('ab'))
    const last = await store.uploads.sendPart(upload, 3, Buffer.from('c'))
    assert.ok(typeof copied !== 'string' && typeof small !== 'string')
    assert.ok(typeof last !== 'string')
    const when = { match: source.etag }
    const refused = await store.uploads.complete(upload, [copied, small, last], { when })
    assert.equal(refused.outcome, 'unsupported')
    assert.equal((await store.uploads.complete(upload, [copied, last], { when })).outcome, 'written')
    assert.equal(Buffer.from((await store.get(KEY))?.body ?? []).toString(), '123c')
  })

  it('keeps the replaced object as a version when an upload is completed', async () => {
    const store = new MemoryStore({ now: () => NOW, versioned: true })
    await store.put(KEY, Buffer.from('before'), { when: 'always' })
    await compose(store)
    assert.deepEqual(
      (await store.listVersions(KEY)).map(({ size }) => size),
      [5, 6],
    )
  })
})

describe('a wrapped store', () => {
  it('has uploads only when the store itself has them', () => {
    const none = new MemoryStore({ now: () => NOW, composes: false })
    const clock = skippingClock()
    for (const wrapped of [alteredStore(none, {}), stopFailingWrites(none), followStoreClock(none, clock).store])
      assert.equal(wrapped.uploads, undefined)
  })

  it('says in which form the store itself recognises ETags', () => {
    const bucket = alteredStore(new MemoryStore({ now: () => NOW }), { etagForm: () => 'bare' })
    const clock = skippingClock()
    for (const wrapped of [alteredStore(bucket, {}), stopFailingWrites(bucket), followStoreClock(bucket, clock).store])
      assert.equal(wrapped.etagForm?.(), 'bare')
    assert.ok(!('etagForm' in alteredStore(new MemoryStore({ now: () => NOW }), {})))
  })

  it('knows the clock of the store after a read of the end of an object or the completion of an upload', async () => {
    for (const ask of [(store: ObjectStore) => store.getTail(KEY, 10), compose]) {
      const bucket = new MemoryStore({ now: () => NOW })
      await bucket.put(KEY, Buffer.from('x'), { when: 'always' })
      const { store, storeClock } = followStoreClock(bucket, skippingClock())
      await ask(store)
      assert.ok(Math.abs(storeClock.now() - NOW) < 5000)
    }
  })

  it('throws the error of the store after five failed completions of the same object', async () => {
    const cause = new HelmS3Error('store-failed', 'write s3://bucket/x: InternalError', { hint: 'leave out --sse' })
    const bucket = new MemoryStore({ now: () => NOW })
    assert.ok(bucket.uploads !== undefined)
    const complete = async (): Promise<CopyOutcome> => ({ outcome: 'unknown', cause, isFailure: true })
    const failing = alteredStore(bucket, { uploads: alteredUploads(bucket.uploads, { complete }) })
    const store = stopFailingWrites(failing)
    for (let i = 0; i < 4; i++) assert.equal((await compose(store)).outcome, 'unknown')
    assert.equal((await compose(store, asKey('charts/other'))).outcome, 'unknown')
    await assert.rejects(compose(store), cause)
  })
})
