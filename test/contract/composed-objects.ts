import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { type Key, asKey } from '../../lib/core/keys.ts'
import {
  type ByteRange,
  type CopyOutcome,
  type ETag,
  type MultipartUploads,
  type ObjectStore,
  type PutCondition,
  type Upload,
  type UploadedPart,
  asETag,
} from '../../lib/store/object-store.ts'

/** Where a store is known to fall short with uploads. Each is checked. */
export interface KnownUploadLimits {
  /** The completion of an upload ignores its condition. */
  readonly ignoresConditionOnCompletion?: boolean
  /** The copy of a part ignores the ETag of its source. */
  readonly ignoresSourceOfParts?: boolean
}

/** The bucket of every store under the contract. */
export const CONTRACT_BUCKET = 'contract'

const MIB = 1024 * 1024
/** Where the range ends that is copied: a part has at least 5 MiB, and S3 copies ranges only of larger objects. */
const COPIED = 5.5 * MIB
const OTHER = asETag('"00000000000000000000000000000000"')

/** What every adapter must keep to when it reads parts of objects. */
export function describeParts(current: () => ObjectStore): void {
  const put = async (key: Key, body: Uint8Array): Promise<ETag> => {
    const written = await current().put(key, body, { when: 'always', contentType: 'text/x', metadata: { a: 'b' } })
    assert.ok(written.outcome === 'written')
    return written.etag
  }

  describe('reading the last bytes of an object', () => {
    const key = asKey('tail/object')
    const body = Buffer.from(Array.from({ length: 5000 }, (_, i) => i % 251))
    let etag: ETag
    before(async () => {
      etag = await put(key, body)
    })

    for (const last of [1, 100, 4999, 5000, 5001, 90_000]) {
      it(`returns at least the last ${String(last)} bytes or the whole object, with its metadata and size`, async () => {
        const tail = await current().getTail(key, last)
        assert.ok(tail !== undefined && 'body' in tail)
        assert.ok(tail.body.length >= Math.min(last, 5000))
        assert.deepEqual(Buffer.from(tail.body), body.subarray(tail.size - tail.body.length))
        const { contentType, metadata, size } = tail
        assert.deepEqual(
          { etag: tail.etag, contentType, metadata: { ...metadata }, size },
          {
            etag,
            contentType: 'text/x',
            metadata: { a: 'b' },
            size: 5000,
          },
        )
        assert.deepEqual([tail.date % 1000, tail.lastModified % 1000], [0, 0])
      })

      it(`returns no bytes when the object still has the given ETag: last ${String(last)} bytes`, async () => {
        const same = await current().getTail(key, last, etag)
        assert.ok(same !== undefined && 'unchanged' in same && same.date > 0)
        const other = await current().getTail(key, last, OTHER)
        assert.ok(other !== undefined && 'body' in other)
        assert.equal(other.etag, etag)
      })
    }

    it('reads empty objects, and returns undefined for a missing object', async () => {
      const empty = asKey('tail/empty')
      const known = await put(empty, new Uint8Array())
      const tail = await current().getTail(empty, 100)
      assert.ok(tail !== undefined && 'body' in tail)
      assert.deepEqual([tail.body.length, tail.size, tail.etag], [0, 0, known])
      const same = await current().getTail(empty, 100, known)
      assert.ok(same !== undefined && 'unchanged' in same)
      assert.equal(await current().getTail(asKey('tail/missing'), 100), undefined)
      assert.equal(await current().getTail(asKey('tail/missing'), 100, OTHER), undefined)
    })
  })

  describe('reading a range of an object', () => {
    const key = asKey('range/object')
    const body = Buffer.from(Array.from({ length: 5000 }, (_, i) => i % 251))
    let etag: ETag
    before(async () => {
      etag = await put(key, body)
    })

    it('returns exactly the bytes of the range', async () => {
      for (const [start, end] of [
        [0, 1],
        [0, 5000],
        [10, 2000],
        [4999, 5000],
      ] as const) {
        const bytes = await current().getRange(key, { start, end }, etag)
        assert.ok(typeof bytes !== 'string', `${String(start)}-${String(end)}`)
        assert.deepEqual(Buffer.from(bytes), body.subarray(start, end))
      }
    })

    it('returns no bytes when the object has another ETag or is missing', async () => {
      assert.equal(await current().getRange(key, { start: 0, end: 10 }, OTHER), 'changed')
      assert.equal(await current().getRange(asKey('range/missing'), { start: 0, end: 10 }, etag), 'changed')
      const moved = asKey('range/moved')
      const before = await put(moved, Buffer.from('before'))
      await put(moved, Buffer.from('after!'))
      assert.equal(await current().getRange(moved, { start: 0, end: 6 }, before), 'changed')
    })

    it('returns no bytes for a range that ends after the object', async () => {
      assert.equal(await current().getRange(key, { start: 4000, end: 5001 }, etag), 'unsupported')
      assert.equal(await current().getRange(key, { start: 5000, end: 5001 }, etag), 'unsupported')
    })
  })
}

/** What every adapter must keep to that composes objects. */
export function describeUploads(current: () => ObjectStore, limits: KnownUploadLimits): void {
  describe('composing an object', () => {
    const old = Buffer.alloc(6 * MIB, 'the bytes of the old object, ')
    const fresh = Buffer.alloc(5 * MIB, 'new bytes, ')
    const end = Buffer.from('the end')
    const composed = Buffer.concat([old.subarray(7, COPIED), fresh, end])
    const uploads = (): MultipartUploads => {
      const { uploads: found } = current()
      assert.ok(found !== undefined)
      return found
    }
    const putOld = async (key: Key): Promise<ETag> => {
      const written = await current().put(key, old, { when: 'always' })
      assert.ok(written.outcome === 'written')
      return written.etag
    }
    const begin = async (key: Key): Promise<Upload> => {
      const options = { contentType: 'text/x', metadata: { a: 'b' }, cacheControl: 'no-cache' }
      const upload = await uploads().begin(key, options)
      assert.ok(upload !== 'unsupported')
      return upload
    }
    const sure = (part: UploadedPart | 'refused' | 'unsupported'): UploadedPart => {
      assert.ok(typeof part !== 'string')
      return part
    }
    const copy = (
      upload: Upload,
      source: { readonly key: Key; readonly etag: ETag },
      range: ByteRange = { start: 7, end: COPIED },
    ): Promise<UploadedPart | 'refused' | 'unsupported'> =>
      uploads().copyPart(upload, 1, { bucket: CONTRACT_BUCKET, ...source, range })
    /** The parts of `composed`, of an old object, for an upload. */
    const parts = async (upload: Upload, etag: ETag, key = upload.key): Promise<UploadedPart[]> => [
      sure(await copy(upload, { key, etag })),
      sure(await uploads().sendPart(upload, 2, fresh)),
      sure(await uploads().sendPart(upload, 3, end)),
    ]
    const compose = async (key: Key, source: ETag, when: PutCondition): Promise<CopyOutcome> => {
      const upload = await begin(key)
      const outcome = await uploads().complete(upload, await parts(upload, source), { when })
      await uploads().abort(upload)
      return outcome
    }
    /** The name of the body that the object has, so that a failed assertion does not print megabytes. */
    const standing = async (key: Key): Promise<string> => {
      const body = Buffer.from((await current().get(key))?.body ?? [])
      return body.equals(old) ? 'old' : body.equals(composed) ? 'composed' : `${String(body.length)} bytes`
    }

    it('replaces an object atomically by ranges of the object and new bytes', async () => {
      const key = asKey('compose/replaced')
      const before = await putOld(key)
      const upload = await begin(key)
      assert.deepEqual(
        (await uploads().list(key)).map(({ id, key: named }) => [id, named]),
        [[upload.id, key]],
      )
      const sent = await parts(upload, before)
      assert.equal(await standing(key), 'old')
      const done = await uploads().complete(upload, sent, { when: { match: before } })
      assert.ok(done.outcome === 'written' && done.date > 0)
      assert.equal(await standing(key), 'composed')
      const head = await current().head(key)
      assert.deepEqual(
        { etag: head?.etag, size: head?.size, contentType: head?.contentType, sha256: head?.sha256 },
        {
          etag: done.etag,
          size: composed.length,
          contentType: 'text/x',
          sha256: undefined,
        },
      )
      assert.deepEqual({ ...head?.metadata }, { a: 'b' })
      assert.notEqual(done.etag, before)
      assert.deepEqual(await uploads().list(key), [])
      const tail = await current().getTail(key, 10)
      assert.ok(tail !== undefined && 'body' in tail && tail.etag === done.etag)
      assert.deepEqual(Buffer.from(tail.body.slice(-10)), composed.subarray(-10))
      const inside = { start: COPIED - 20, end: COPIED + 20 }
      const range = await current().getRange(key, inside, done.etag)
      assert.ok(typeof range !== 'string')
      assert.deepEqual(Buffer.from(range), composed.subarray(inside.start, inside.end))
      assert.equal(await current().getRange(key, inside, before), 'changed')
    }).timeout(60_000)

    it('creates an object from a single small part', async () => {
      const key = asKey('compose/small')
      const upload = await begin(key)
      const part = sure(await uploads().sendPart(upload, 1, end))
      assert.equal((await uploads().complete(upload, [part], { when: 'absent' })).outcome, 'written')
      assert.deepEqual(Buffer.from((await current().get(key))?.body ?? []), end)
    })

    const isIgnored = limits.ignoresConditionOnCompletion === true
    const [refused, kept] = isIgnored ? ['written', 'composed'] : ['refused', 'old']
    for (const [what, when] of [
      ['another ETag', { match: OTHER }],
      ['absence', 'absent'],
    ] as const) {
      it(`${isIgnored ? 'replaces' : 'does not replace'} an object when the condition does not hold: ${what}`, async () => {
        const key = asKey(`compose/condition/${what}`)
        assert.equal((await compose(key, await putOld(key), when)).outcome, refused)
        assert.equal(await standing(key), kept)
        assert.deepEqual(await uploads().list(key), [])
      }).timeout(60_000)
    }

    if (!isIgnored) {
      it('creates no object when the object to replace is missing', async () => {
        const key = asKey('compose/missing')
        const upload = await begin(key)
        const part = sure(await uploads().sendPart(upload, 1, end))
        assert.equal((await uploads().complete(upload, [part], { when: { match: OTHER } })).outcome, 'refused')
        assert.equal(await current().head(key), undefined)
        await uploads().abort(upload)
      })

      it('lets exactly one of several concurrent replacements of an object succeed', async () => {
        const key = asKey('compose/race')
        const written = await current().put(key, Buffer.from('before'), { when: 'always' })
        assert.ok(written.outcome === 'written')
        const made = await Promise.all(
          Array.from({ length: 8 }, async (_, i) => {
            const upload = await begin(key)
            return { upload, part: sure(await uploads().sendPart(upload, 1, Buffer.from(`after ${String(i)}`))) }
          }),
        )
        const outcomes = await Promise.all(
          made.map(({ part, upload }) => uploads().complete(upload, [part], { when: { match: written.etag } })),
        )
        const winners = outcomes.flatMap(({ outcome }, i) => (outcome === 'written' ? [i] : []))
        assert.equal(winners.length, 1)
        assert.equal(Buffer.from((await current().get(key))?.body ?? []).toString(), `after ${String(winners[0])}`)
        for (const { upload } of made) await uploads().abort(upload)
      })
    }

    it(`${limits.ignoresSourceOfParts === true ? 'copies' : 'does not copy'} a part from a source that has another ETag`, async () => {
      const source = asKey('compose/source')
      await putOld(source)
      const upload = await begin(asKey('compose/of a source'))
      const part = await copy(upload, { key: source, etag: OTHER })
      assert.equal(typeof part === 'string' ? part : 'copied', limits.ignoresSourceOfParts ? 'copied' : 'refused')
      assert.equal(await copy(upload, { key: asKey('compose/gone'), etag: OTHER }), 'refused')
      await uploads().abort(upload)
    }).timeout(60_000)

    it('does not copy a range that ends after the source', async () => {
      const source = asKey('compose/short source')
      const etag = await putOld(source)
      const upload = await begin(asKey('compose/beyond'))
      const beyond = { start: old.length - 10, end: old.length + 10 }
      assert.equal(await copy(upload, { key: source, etag }, beyond), 'unsupported')
      await uploads().abort(upload)
    }).timeout(60_000)

    it('refuses to complete an upload with parts that are too small or were never sent', async () => {
      const key = asKey('compose/too small')
      const etag = await putOld(key)
      const upload = await begin(key)
      const [first, second] = [
        sure(await uploads().sendPart(upload, 1, end)),
        sure(await uploads().sendPart(upload, 2, end)),
      ]
      const when = { match: etag }
      assert.equal((await uploads().complete(upload, [first, second], { when })).outcome, 'unsupported')
      const never = { number: 3, etag: first.etag }
      assert.equal((await uploads().complete(upload, [never], { when })).outcome, 'unsupported')
      assert.equal(await standing(key), 'old')
      await uploads().abort(upload)
    }).timeout(60_000)

    it('does not list, continue or complete an aborted upload', async () => {
      const key = asKey('compose/aborted')
      const upload = await begin(key)
      const part = sure(await uploads().sendPart(upload, 1, end))
      await uploads().abort(upload)
      await uploads().abort(upload)
      assert.deepEqual(await uploads().list(key), [])
      assert.equal(await uploads().sendPart(upload, 1, end), 'unsupported')
      assert.equal((await uploads().complete(upload, [part], { when: 'always' })).outcome, 'unknown')
      assert.equal(await current().head(key), undefined)
    })
  })
}
