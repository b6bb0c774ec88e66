import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { type Key, asKey } from '../../lib/core/keys.ts'
import {
  type ETag,
  type ObjectStore,
  type PutOptions,
  type PutOutcome,
  asETag,
  listAll,
} from '../../lib/store/object-store.ts'
import { sha256 } from '../../lib/sys/sha256.ts'
import { type KnownUploadLimits, describeParts, describeUploads } from './composed-objects.ts'

/** Where a store is known to fall short. Each is checked: a store that has learnt it fails the suite. */
export interface KnownLimits extends KnownUploadLimits {
  /** DELETE with If-Match deletes the object whatever its ETag is. */
  readonly ignoresConditionOnDelete?: boolean
  /** Requests that come after their `until` are carried out. */
  readonly takesLateRequests?: boolean
  /** Versions of objects are not implemented. */
  readonly hasNoVersions?: boolean
}

const OTHER = asETag('"00000000000000000000000000000000"')

/** What every adapter must keep to. `open` gives an empty bucket, named `CONTRACT_BUCKET`. */
export function describeObjectStore(name: string, open: () => Promise<ObjectStore>, limits: KnownLimits = {}): void {
  describe(`the contract of an object store: ${name}`, () => {
    let store: ObjectStore
    before(async () => {
      store = await open()
    })

    describe('reading', () => {
      it('returns undefined for a missing object', async () => {
        assert.equal(await store.get(asKey('nothing')), undefined)
        assert.equal(await store.head(asKey('nothing')), undefined)
        assert.equal(await store.stream(asKey('nothing')), undefined)
      })

      it('returns the bytes, metadata, content type, checksum and dates of a written object', async () => {
        const key = asKey('read/whole.tgz')
        const body = Buffer.from('some bytes')
        const metadata = {
          'chart-digest': sha256(body),
          delta: '01HF7YATZ80000000000000000',
          'chart-metadata': '{"name":"a\\u00e9"}',
        }
        const put = await store.put(key, body, {
          when: 'absent',
          contentType: 'application/gzip',
          metadata,
          sha256: sha256(body),
        })
        const object = await store.get(key)
        const head = await store.head(key)
        assert.ok(object !== undefined && head !== undefined && put.outcome === 'written')
        assert.deepEqual(Buffer.from(object.body), body)
        for (const each of [object, head]) {
          assert.equal(each.key, key)
          assert.equal(each.etag, put.etag)
          assert.equal(each.size, body.length)
          assert.deepEqual({ ...each.metadata }, metadata)
          assert.equal(each.contentType, 'application/gzip')
          assert.equal(each.sha256 ?? sha256(body), sha256(body))
          assert.ok(Math.abs(each.lastModified - put.date) <= 2000)
          assert.equal(each.date % 1000, 0)
          assert.equal(each.lastModified % 1000, 0)
        }
      })

      it('returns the first bytes of an object and the size of the whole object', async () => {
        const key = asKey('read/part')
        const body = Buffer.alloc(5000, 'abcdefg')
        await store.put(key, body, { when: 'always', sha256: sha256(body) })
        for (const first of [1, 100, 5000, 9000]) {
          const object = await store.get(key, { first })
          assert.deepEqual(Buffer.from(object?.body ?? []), body.subarray(0, first))
          assert.equal(object?.size, 5000)
        }
      })

      it('returns an object only when its ETag differs from the given ETag', async () => {
        const key = asKey('read/unless')
        const before = await store.put(key, Buffer.from('before'), { when: 'always' })
        assert.ok(before.outcome === 'written')
        const same = await store.getUnless(key, before.etag)
        assert.ok(same !== undefined && 'unchanged' in same)
        assert.ok(same.date >= before.date)
        const after = await store.put(key, Buffer.from('after'), { when: 'always' })
        const other = await store.getUnless(key, before.etag)
        assert.ok(after.outcome === 'written' && other !== undefined && 'body' in other)
        assert.equal(other.etag, after.etag)
        assert.equal(Buffer.from(other.body).toString(), 'after')
        assert.equal(await store.getUnless(asKey('nothing'), before.etag), undefined)
      })

      it('reads empty objects', async () => {
        const key = asKey('read/empty')
        await store.put(key, new Uint8Array(), { when: 'always' })
        assert.equal((await store.get(key))?.body.length, 0)
        assert.equal((await store.get(key, { first: 10 }))?.body.length, 0)
        assert.deepEqual(await collect(store, key), Buffer.alloc(0))
      })

      it('lists and reads the versions of an object as far as the store supports versions', async () => {
        const key = asKey('read/versions')
        await store.put(key, Buffer.from('some bytes'), { when: 'always' })
        await store.put(asKey('read/versions.prov'), Buffer.from('others'), { when: 'always' })
        if (limits.hasNoVersions === true) return assert.deepEqual(await store.listVersions(key), [])
        const [current, ...older] = await store.listVersions(key)
        assert.ok(current !== undefined)
        assert.deepEqual([current.size, older], [10, []], 'a bucket without versioning keeps the current one alone')
        const read = await store.get(key, { version: current.version })
        assert.deepEqual(Buffer.from(read?.body ?? []), Buffer.from('some bytes'))
        assert.deepEqual(await store.listVersions(asKey('read/nothing')), [])
      })

      it('streams large objects', async () => {
        const key = asKey('read/large')
        const body = Buffer.alloc(3_000_000, 'large')
        await store.put(key, body, { when: 'always', sha256: sha256(body) })
        assert.deepEqual(await collect(store, key), body)
      })
    })

    describeParts(() => store)

    describe('writing', () => {
      it('does not replace an existing object when the condition is "absent"', async () => {
        const key = asKey('write/absent')
        assert.equal(await outcome(store.put(key, Buffer.from('1'), { when: 'absent' })), 'written')
        assert.equal(await outcome(store.put(key, Buffer.from('2'), { when: 'absent' })), 'refused')
        assert.equal(await text(store, key), '1')
      })

      it('replaces an object only when it has the ETag of the condition', async () => {
        const key = asKey('write/match')
        const first = await etag(store.put(key, Buffer.from('1'), { when: 'always' }))
        assert.equal(await outcome(store.put(key, Buffer.from('2'), { when: { match: OTHER } })), 'refused')
        assert.equal(await outcome(store.put(key, Buffer.from('2'), { when: { match: first } })), 'written')
        assert.equal(await outcome(store.put(key, Buffer.from('3'), { when: { match: first } })), 'refused')
        assert.equal(await text(store, key), '2')
      })

      it('creates no object when the condition names an ETag', async () => {
        const key = asKey('write/missing')
        assert.equal(await outcome(store.put(key, Buffer.from('1'), { when: { match: OTHER } })), 'refused')
        assert.equal(await store.head(key), undefined)
      })

      it('creates an object again after its deletion', async () => {
        const key = asKey('write/again')
        await store.put(key, Buffer.from('1'), { when: 'absent' })
        await store.delete(key)
        assert.equal(await outcome(store.put(key, Buffer.from('2'), { when: 'absent' })), 'written')
      })

      it('refuses bytes that do not match their checksum', async () => {
        const key = asKey('write/checksum')
        await assert.rejects(store.put(key, Buffer.from('1'), { when: 'always', sha256: sha256(Buffer.from('2')) }), {
          code: 'store-failed',
        })
        assert.equal(await store.head(key), undefined)
      })

      for (const name of [
        'app-1.0.0+build.5.tgz',
        'with space.tgz',
        '100%.tgz',
        'ümlaut-é.tgz',
        "quote'(1)!.tgz",
        'a=b&c.tgz',
      ]) {
        it(`writes, reads, lists and deletes an object with the key ${name}`, async () => {
          const key = asKey(`write/keys/${name}`)
          assert.equal(await outcome(store.put(key, Buffer.from(name), { when: 'absent' })), 'written')
          assert.equal(await text(store, key), name)
          const { objects } = await listAll(store, 'write/keys/')
          assert.ok(objects.some((object) => object.key === key))
          assert.equal(await outcome(store.delete(key)), 'deleted')
          assert.equal(await store.head(key), undefined)
        })
      }

      it('lets exactly one of several concurrent creations of an object succeed', async () => {
        const key = asKey('write/race')
        const outcomes = await Promise.all(
          Array.from({ length: 16 }, (_, i) => outcome(store.put(key, Buffer.from(String(i)), { when: 'absent' }))),
        )
        assert.equal(outcomes.filter((each) => each === 'written').length, 1)
      })

      it('loses no update when concurrent clients increment a counter by compare-and-swap', async () => {
        const key = asKey('write/counter')
        await store.put(key, Buffer.from('0'), { when: 'always' })
        await Promise.all(Array.from({ length: 5 }, () => increment(store, key, 10)))
        assert.equal(await text(store, key), '50')
      })
    })

    describe('deleting', () => {
      it('succeeds for a missing object', async () => {
        assert.equal(await outcome(store.delete(asKey('delete/nothing'))), 'deleted')
      })

      it('removes an object that has the ETag of the condition', async () => {
        const key = asKey('delete/match')
        const match = await etag(store.put(key, Buffer.from('1'), { when: 'always' }))
        assert.equal(await outcome(store.delete(key, { match })), 'deleted')
        assert.equal(await store.head(key), undefined)
      })

      const what =
        limits.ignoresConditionOnDelete === true
          ? 'removes an object although it has another ETag (a limit of this store)'
          : 'does not remove an object that has another ETag'
      it(what, async () => {
        const key = asKey('delete/other')
        await store.put(key, Buffer.from('1'), { when: 'always' })
        const isIgnored = limits.ignoresConditionOnDelete === true
        assert.equal(await outcome(store.delete(key, { match: OTHER })), isIgnored ? 'deleted' : 'refused')
        assert.equal((await store.head(key)) === undefined, isIgnored)
      })
    })

    describeUploads(() => store, limits)

    describe('requests with a time limit', () => {
      const MINUTE = 60_000
      /** The store's clock. */
      const now = async (): Promise<number> => (await store.list('until/')).date
      const put = async (key: Key, body: string, options: Partial<PutOptions>): Promise<PutOutcome> => {
        const bytes = Buffer.from(body)
        const soon = (await now()) + MINUTE
        return store.put(key, bytes, { when: 'always', until: soon, sha256: sha256(bytes), ...options })
      }

      it('writes an object with its metadata when the request arrives in time', async () => {
        const key = asKey('until/with space+é.tgz')
        const options = { contentType: 'application/gzip', metadata: { delta: 'a  b' }, cacheControl: 'no-cache' }
        const written = await put(key, 'some bytes', { when: 'absent', ...options })
        const object = await store.get(key)
        assert.ok(written.outcome === 'written' && object !== undefined)
        assert.equal(object.etag, written.etag)
        assert.equal(Buffer.from(object.body).toString(), 'some bytes')
        assert.equal(object.contentType, options.contentType)
        assert.equal(object.metadata['delta']?.replace(/ +/, ' '), 'a b')
        const until = (await now()) + MINUTE
        assert.equal(await outcome(store.put(asKey('until/0'), Buffer.alloc(0), { when: 'always', until })), 'written')
      })

      it('obeys the conditions of a write', async () => {
        const key = asKey('until/conditions')
        assert.equal(await outcome(put(key, '1', { when: { match: OTHER } })), 'refused')
        const first = await etag(put(key, '1', { when: 'absent' }))
        assert.equal(await outcome(put(key, '2', { when: 'absent' })), 'refused')
        assert.equal(await outcome(put(key, '2', { when: { match: OTHER } })), 'refused')
        assert.equal(await text(store, key), '1')
        assert.equal(await outcome(put(key, '2', { when: { match: first } })), 'written')
        assert.equal(await text(store, key), '2')
      })

      it('lets exactly one of several concurrent creations of an object succeed', async () => {
        const key = asKey('until/race')
        const puts = Array.from({ length: 16 }, (_, i) => put(key, String(i), { when: 'absent' }))
        const outcomes = await Promise.all(puts.map(outcome))
        assert.equal(outcomes.filter((each) => each === 'written').length, 1)
      })

      it('refuses bytes that do not match their checksum', async () => {
        const key = asKey('until/checksum')
        await assert.rejects(put(key, '1', { sha256: sha256(Buffer.from('2')) }), { code: 'store-failed' })
        assert.equal(await store.head(key), undefined)
      })

      it('deletes an object in time, and only with the ETag of the condition', async () => {
        const key = asKey('until/delete')
        const until = (await now()) + MINUTE
        const first = await etag(put(key, '1', {}))
        if (limits.ignoresConditionOnDelete !== true) {
          assert.equal(await outcome(store.delete(key, { match: OTHER, until })), 'refused')
          assert.equal(await text(store, key), '1')
        }
        const deleted = await store.delete(key, { match: first, until })
        assert.ok(deleted.outcome === 'deleted' && deleted.date >= until - MINUTE)
        assert.equal(await store.head(key), undefined)
        assert.equal(await outcome(store.delete(key, { until })), 'deleted')
      })

      it('accepts a request whose time limit is hours away', async () => {
        assert.equal(await outcome(put(asKey('until/hours'), '1', { until: (await now()) + 100 * MINUTE })), 'written')
      })

      for (const [what, late] of [
        ['an hour', 60 * MINUTE],
        ['two seconds', 2000],
      ] as const) {
        const does = limits.takesLateRequests === true ? 'carries out' : 'refuses'
        it(`${does} requests that arrive ${what} late`, async () => {
          const [key, none] = [asKey(`until/${what}`), asKey(`until/none ${what}`)]
          const match = await etag(put(key, '1', {}))
          const until = (await now()) - late
          const [expired, deleted] = limits.takesLateRequests === true ? ['written', 'deleted'] : ['expired', 'expired']
          assert.equal(await outcome(put(none, '2', { until, when: 'absent' })), expired)
          assert.equal(await outcome(put(key, '2', { until, when: { match } })), expired)
          assert.equal(await outcome(store.delete(key, { until })), deleted)
          assert.equal(await text(store, key), limits.takesLateRequests === true ? undefined : '1')
          assert.equal(await text(store, none), limits.takesLateRequests === true ? '2' : undefined)
        })
      }
    })

    describe('listing', () => {
      const keys = Array.from({ length: 1103 }, (_, i) => asKey(`list/${String(i).padStart(5, '0')}.yaml`))
      before(async function () {
        this.timeout(60_000)
        for (let i = 0; i < keys.length; i += 40) {
          await Promise.all(keys.slice(i, i + 40).map((key) => store.put(key, Buffer.from('x'), { when: 'always' })))
        }
        await store.put(asKey('list/sub/inner.yaml'), Buffer.from('x'), { when: 'always' })
        await store.put(asKey('list.other'), Buffer.from('x'), { when: 'always' })
      })

      it('returns every key with the prefix in order, over all pages', async () => {
        const { objects, date } = await listAll(store, 'list/')
        assert.deepEqual(
          objects.map(({ key }) => key),
          [...keys, 'list/sub/inner.yaml'],
        )
        assert.ok(objects.every(({ size, lastModified }) => size === 1 && Math.abs(date - lastModified) < 120_000))
      })

      it('returns at most 1000 keys per page', async () => {
        const page = await store.list('list/')
        assert.ok(page.objects.length <= 1000)
        assert.notEqual(page.next, undefined)
      })

      it('returns as few keys on a page as are asked for', async () => {
        const first = await store.list('list/', { most: 3 })
        const second = await store.list('list/', { most: 3, token: first.next ?? '' })
        assert.deepEqual(
          [...first.objects, ...second.objects].map(({ key }) => key),
          keys.slice(0, 6),
        )
      })

      it('starts after a given key, whether that key exists or not', async () => {
        const after = async (text: string): Promise<string[]> =>
          (await listAll(store, 'list/0110', { startAfter: asKey(text) })).objects.map(({ key }) => key)
        assert.deepEqual(await after('list/01100.yaml'), ['list/01101.yaml', 'list/01102.yaml'])
        assert.deepEqual(await after('list/01100.z'), ['list/01101.yaml', 'list/01102.yaml'])
        assert.deepEqual(await after('list/01102.yaml'), [])
      })

      it('leaves out the keys of deeper folders when a delimiter is given', async () => {
        const { objects } = await listAll(store, 'list/', { delimiter: '/' })
        assert.equal(objects.length, keys.length)
      })

      it('returns the same ETags as a read', async () => {
        const [object] = (await store.list('list/00000')).objects
        assert.equal(object?.etag, (await store.head(asKey('list/00000.yaml')))?.etag)
      })

      it('returns no keys for an unknown prefix', async () => {
        const page = await store.list('unknown/')
        assert.deepEqual(page.objects, [])
        assert.equal(page.next, undefined)
      })
    })
  })
}

async function increment(store: ObjectStore, key: Key, times: number): Promise<void> {
  for (let done = 0, tries = 0; done < times; tries++) {
    assert.ok(tries < 5000, 'too many lost races')
    const object = await store.get(key)
    assert.ok(object !== undefined)
    const next = Buffer.from(String(Number(Buffer.from(object.body).toString()) + 1))
    if ((await outcome(store.put(key, next, { when: { match: object.etag } }))) === 'written') done++
  }
}

async function outcome(request: Promise<{ readonly outcome: string }>): Promise<string> {
  return (await request).outcome
}

async function etag(request: Promise<PutOutcome>): Promise<ETag> {
  const put = await request
  assert.ok(put.outcome === 'written')
  return put.etag
}

async function text(store: ObjectStore, key: Key): Promise<string | undefined> {
  const object = await store.get(key)
  return object && Buffer.from(object.body).toString()
}

async function collect(store: ObjectStore, key: Key): Promise<Buffer> {
  const pieces = await store.stream(key)
  assert.ok(pieces !== undefined)
  const chunks: Uint8Array[] = []
  for await (const piece of pieces) chunks.push(piece)
  return Buffer.concat(chunks)
}
