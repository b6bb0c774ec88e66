import assert from 'node:assert/strict'
import { ListObjectsV2Command, type ListObjectsV2CommandInput, paginateListObjectsV2 } from '@aws-sdk/client-s3'
import fc from 'fast-check'
import type { ObjectRecord } from '../../embedded/folder-objects.ts'
import { listObjects } from '../../embedded/list-objects.ts'
import { BUCKET, START, eachWithStore } from './running-store.ts'

interface Page {
  readonly KeyCount: number
  readonly IsTruncated: boolean
  readonly NextContinuationToken?: string
  readonly Contents: readonly { readonly Key: string }[]
  readonly CommonPrefixes: readonly { readonly Prefix: string }[]
}

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** The items of all pages, and the number of items on each page. */
function pagesOf(keys: readonly string[], parameters: Record<string, string>): { names: string[]; counts: number[] } {
  const records = keys.map((key): ObjectRecord => ({ key, etag: '"x"', size: 1, lastModified: START, headers: {} }))
  const names: string[] = []
  const counts: number[] = []
  for (let token: string | undefined = ''; token !== undefined && counts.length <= keys.length;) {
    const query = new URLSearchParams({ ...parameters, ...(token === '' ? {} : { 'continuation-token': token }) })
    const page = listObjects('bucket', records, query) as unknown as Page
    const here = [...page.Contents.map(({ Key }) => Key), ...page.CommonPrefixes.map(({ Prefix }) => Prefix)]
    assert.equal(page.KeyCount, here.length)
    names.push(...here.sort(byBytes))
    counts.push(here.length)
    token = page.IsTruncated ? page.NextContinuationToken : undefined
  }
  return { names, counts }
}

describe('a listing', () => {
  const key = fc.string({ unit: fc.constantFrom('a', 'b', '/', 'é', '😀', '\uffee', ' '), minLength: 1, maxLength: 6 })
  const keys = fc.uniqueArray(key, { maxLength: 25 })

  it('has each key with the prefix once, in byte order, for every page size', () => {
    fc.assert(
      fc.property(keys, fc.constantFrom('', 'a', 'a/'), fc.nat({ max: 8 }), (all, prefix, size) => {
        const { counts, names } = pagesOf(all, { prefix, 'max-keys': String(size + 1) })
        assert.deepEqual(names, all.filter((each) => each.startsWith(prefix)).sort(byBytes))
        assert.ok(counts.slice(0, -1).every((count) => count === size + 1))
      }),
    )
  })

  it('has each common prefix of keys with the delimiter once', () => {
    fc.assert(
      fc.property(keys, fc.constantFrom('', 'a', 'a/'), fc.nat({ max: 8 }), (all, prefix, size) => {
        const { names } = pagesOf(all, { prefix, delimiter: '/', 'max-keys': String(size + 1) })
        const shared = (each: string): string => /^[^/]*\/?/.exec(each.slice(prefix.length))?.[0] ?? ''
        const expected = all.filter((each) => each.startsWith(prefix)).map((each) => prefix + shared(each))
        assert.deepEqual(names, [...new Set(expected)].sort(byBytes))
      }),
    )
  })

  it('starts after a key, whether that exists or not, on every page', () => {
    fc.assert(
      fc.property(keys, key, fc.nat({ max: 8 }), (all, start, size) => {
        const { names } = pagesOf(all, { 'start-after': start, 'max-keys': String(size + 1) })
        assert.deepEqual(names, all.filter((each) => byBytes(each, start) > 0).sort(byBytes))
      }),
    )
  })

  it('refuses invalid parameters', () => {
    const tokens = ['continuation-token=', 'continuation-token=!']
    for (const wrong of ['max-keys=-1', 'max-keys=x', 'encoding-type=gzip', ...tokens]) {
      assert.throws(() => listObjects('bucket', [], new URLSearchParams(wrong)), { code: 'InvalidArgument' }, wrong)
    }
  })
})

describe('a listing over HTTP', () => {
  const current = eachWithStore()
  const list = (options: Partial<ListObjectsV2CommandInput>) =>
    current().client.send(new ListObjectsV2Command({ Bucket: BUCKET, ...options }))

  it('continues page by page after a start key', async () => {
    const { client, put } = current()
    const keys = Array.from({ length: 12 }, (_, i) => `index.d/${String(i).padStart(2, '0')}`)
    for (const key of [...keys, 'other']) await put(key, key)
    const found: unknown[] = []
    const input = { Bucket: BUCKET, Prefix: 'index.d/', StartAfter: 'index.d/03x' }
    for await (const page of paginateListObjectsV2({ client, pageSize: 3 }, input)) {
      assert.ok((page.KeyCount ?? 0) <= 3)
      found.push(...(page.Contents ?? []).map(({ Key }) => Key))
    }
    assert.deepEqual(found, keys.slice(4))
  })

  it('has keys with characters that XML does not allow, and URL-encodes keys on request', async () => {
    const { put } = current()
    const key = 'odd <&">\u0001 +é'
    await put(key, 'x')
    assert.deepEqual(
      (await list({})).Contents?.map(({ Key }) => Key),
      [key],
    )
    const { Contents, EncodingType } = await list({ EncodingType: 'url' })
    assert.equal(EncodingType, 'url')
    assert.equal(decodeURIComponent(Contents?.[0]?.Key ?? ''), key)
    assert.match(Contents?.[0]?.Key ?? '', /^[\w%.-]+$/)
  })

  it('has size, ETag and date of each object, and the owner on request', async () => {
    const { put } = current()
    await put('key', 'four')
    const [object] = (await list({ FetchOwner: true })).Contents ?? []
    assert.equal(object?.Size, 4)
    assert.match(object?.ETag ?? '', /^"[0-9a-f]{32}"$/)
    assert.equal(object?.LastModified?.getTime(), START)
    assert.ok(object?.Owner?.ID !== undefined)
    await assert.rejects(list({ Bucket: 'missing' }), { name: 'NoSuchBucket' })
    await assert.rejects(list({ ContinuationToken: '!' }), { name: 'InvalidArgument' })
  })
})
