import assert from 'node:assert/strict'
import { asKey } from '../../lib/core/keys.ts'
import { layOut } from '../../lib/core/index/lay-out.ts'
import { type IndexText, readIndexText } from '../../lib/core/index/index-text.ts'
import { NEWEST_METADATA, WRITE_METADATA } from '../../lib/core/object-metadata.ts'
import type { MultipartUploads, ObjectStore } from '../../lib/store/object-store.ts'
import { sha256, sha256Of } from '../../lib/sys/sha256.ts'
import { PAGING } from '../../lib/protocol/session/limits.ts'
import type { PagingLimits } from '../../lib/protocol/session/session.ts'
import { pagingIn, storedText, versionsOf } from '../support/paged-index.ts'
import { useProgram } from '../support/program.ts'

const URI = 's3://acme/charts'

/*
 * The requests of every operation as docs/PERFORMANCE.md lists them, counted at the interface to the store. The numbers
 * are those of an operation during which no other client writes.
 */
/** All sizes an eighth of what they are, so that an eighth of the bytes makes an index that is composed. */
const EIGHTH: PagingLimits = {
  sizes: { tableFrom: 48 * 1024, target: 32 * 1024, most: 64 * 1024, least: 8 * 1024 },
  parts: { ...PAGING.parts, least: PAGING.parts.least / 8, composeFrom: PAGING.parts.composeFrom / 8 },
  tail: PAGING.tail / 8,
}

describe('the requests of one operation', () => {
  const program = useProgram()

  /** The requests of a command, sorted, as `METHOD key`; ULIDs and the folder of the repository are left out. */
  async function requestsOf(...argv: readonly string[]): Promise<string[]> {
    const requests: string[] = []
    const { bucket } = program
    const counted = (method: string, key: string): void =>
      void requests.push(`${method} ${key.replace('charts/', '').replace(/[0-7][0-9A-HJKMNP-TV-Z]{25}/, 'ULID')}`)
    const faults: Partial<ObjectStore> = {
      list: (prefix, options) => (counted('LIST', prefix), bucket.list(prefix, options)),
      get: (key, options) => (counted('GET', key), bucket.get(key, options)),
      getUnless: (key, etag) => (counted('GET-UNLESS', key), bucket.getUnless(key, etag)),
      getTail: (key, last, unless) => (counted('TAIL', key), bucket.getTail(key, last, unless)),
      getRange: (key, range, match) => (counted('RANGE', key), bucket.getRange(key, range, match)),
      head: (key) => (counted('HEAD', key), bucket.head(key)),
      put: (key, body, options) => (counted('PUT', key), bucket.put(key, body, options)),
      delete: (key, options) => (counted('DELETE', key), bucket.delete(key, options)),
      stream: (key) => (counted('GET', key), bucket.stream(key)),
      ...(bucket.uploads === undefined ? {} : { uploads: countedUploads(bucket.uploads, counted) }),
    }
    program.fail(faults)
    await program.ok(...argv)
    program.fail({})
    return requests.sort()
  }

  const download = (file: string): Promise<string[]> => requestsOf('download', '', '', '', `${URI}/${file}`)

  beforeEach(async () => {
    await program.ok('init', URI)
    await program.ok('push', await program.chart('app', '1.0.0'), await program.chart('app', '1.1.0'), URI)
    await program.chart('web', '1.0.0')
    await program.chart('web', '1.1.0')
  })

  it('init: 3', async () => {
    assert.deepEqual(await requestsOf('init', 's3://acme/other'), [
      'GET other/index.d/config.json',
      'HEAD other/index.yaml',
      'PUT other/index.yaml',
    ])
  })

  it('push without compaction: 7', async () => {
    assert.deepEqual(await requestsOf('push', program.path('web-1.0.0.tgz'), URI, '--no-compact'), [
      'GET index.d/config.json',
      'HEAD index.yaml',
      'HEAD web-1.0.0.tgz',
      'LIST index.d/',
      'LIST index.d/',
      'PUT index.d/ULID.yaml',
      'PUT web-1.0.0.tgz',
    ])
  })

  it('push of n charts without compaction: 5 + 2 n', async () => {
    const requests = await requestsOf(
      'push',
      program.path('web-1.0.0.tgz'),
      program.path('web-1.1.0.tgz'),
      URI,
      '--no-compact',
    )
    assert.equal(requests.length, 9)
  })

  it('push of n charts with --ignore-if-exists: one HEAD for each archive', async () => {
    const requests = await requestsOf(
      'push',
      program.path('web-1.0.0.tgz'),
      program.path('web-1.1.0.tgz'),
      URI,
      '--no-compact',
      '--ignore-if-exists',
    )
    assert.deepEqual(
      requests.filter((line) => line.startsWith('HEAD')),
      ['HEAD index.yaml', 'HEAD web-1.0.0.tgz', 'HEAD web-1.1.0.tgz'],
    )
  })

  it('push with compaction: 4 more, of which one reads the index and one writes it', async () => {
    assert.deepEqual(await requestsOf('push', program.path('web-1.0.0.tgz'), URI), [
      'GET index.d/config.json',
      'GET-UNLESS index.yaml',
      'HEAD index.yaml',
      'HEAD web-1.0.0.tgz',
      'LIST index.d/',
      'LIST index.d/',
      'LIST index.d/',
      'PUT index.d/ULID.yaml',
      'PUT index.yaml',
      'PUT web-1.0.0.tgz',
      'TAIL index.yaml',
    ])
  })

  describe('on an index with pages', () => {
    beforeEach(async () => {
      const entry = (name: string): object => ({
        name,
        version: '1.0.0',
        apiVersion: 'v1',
        urls: [`${name}-1.0.0.tgz`],
        annotations: { filler: 'x'.repeat(100_000) },
      })
      const names = Array.from({ length: 12 }, (_, i) => `big-${String(i)}`)
      const index = { apiVersion: 'v1', entries: Object.fromEntries(names.map((name) => [name, [entry(name)]])) }
      await program.bucket.put(asKey('charts/index.yaml'), Buffer.from(JSON.stringify(index)), { when: 'always' })
      await program.ok('compact', URI)
    })

    it('compaction with nothing to do: LIST and GET of the end of the index', async () => {
      assert.deepEqual(await requestsOf('compact', URI), ['LIST index.d/', 'TAIL index.yaml'])
    })

    it('log: LIST, GET of the end of the index, and a GET for each delta that is shown', async () => {
      assert.deepEqual(await requestsOf('log', URI), ['GET index.d/ULID.yaml', 'LIST index.d/', 'TAIL index.yaml'])
    })

    it('push into one that is too small to be composed: all of it once, because all of it has to be sent', async () => {
      assert.deepEqual(
        (await requestsOf('push', program.path('web-1.0.0.tgz'), URI)).filter((line) => line.endsWith(' index.yaml')),
        ['GET index.yaml', 'HEAD index.yaml', 'PUT index.yaml', 'TAIL index.yaml'],
      )
    })

    it('compaction of one that is too small to be composed: its end, and all of it once', async () => {
      await program.ok('push', program.path('web-1.0.0.tgz'), program.path('web-1.1.0.tgz'), URI, '--no-compact')
      assert.deepEqual(await requestsOf('compact', URI), [
        'GET index.d/ULID.yaml',
        'GET index.yaml',
        'LIST index.d/',
        'PUT index.yaml',
        'TAIL index.yaml',
      ])
      const index = readIndexText(Buffer.from(await program.text('charts/index.yaml')))
      assert.deepEqual(
        ['app', 'web', 'big-0'].map((name) => index.versions(name).length),
        [2, 2, 1],
      )
    })
  })

  it('copy: one merged read of the source, a GET of the archive and of its provenance file, then those of a push', async () => {
    await program.ok('init', 's3://acme/other')
    assert.deepEqual(await requestsOf('copy', 'app', URI, 's3://acme/other', '--no-compact'), [
      'GET app-1.1.0.tgz',
      'GET app-1.1.0.tgz.prov',
      'GET other/index.d/config.json',
      'HEAD other/app-1.1.0.tgz',
      'HEAD other/index.yaml',
      'LIST index.d/',
      'LIST other/index.d/',
      'LIST other/index.d/',
      'PUT other/app-1.1.0.tgz',
      'PUT other/index.d/ULID.yaml',
      'TAIL index.yaml',
    ])
  })

  it('download of an index: LIST and GET, and a GET for each pending delta', async () => {
    assert.deepEqual(await download('index.yaml'), ['GET index.yaml', 'LIST index.d/'])
    await program.ok('push', program.path('web-1.0.0.tgz'), URI, '--no-compact')
    assert.deepEqual(await download('index.yaml'), ['GET index.d/ULID.yaml', 'GET index.yaml', 'LIST index.d/'])
  })

  it('download of an archive: 1', async () => {
    assert.deepEqual(await download('app-1.0.0.tgz'), ['GET app-1.0.0.tgz'])
  })

  it('compaction with nothing to do: LIST and GET of the end of the index', async () => {
    assert.deepEqual(await requestsOf('compact', URI), ['LIST index.d/', 'TAIL index.yaml'])
  })

  it('compact, reindex and delete: a GET of config.json only in a repository that has one', async () => {
    await program.ok('config', URI, 'grace-window=10m')
    const asked = async (...argv: readonly string[]): Promise<number> =>
      (await requestsOf(...argv)).filter((line) => line === 'GET index.d/config.json').length
    assert.deepEqual(
      [await asked('compact', URI), await asked('reindex', URI), await asked('delete', 'app', URI, '--version=1.0.0')],
      [1, 1, 1],
    )
    await program.bucket.delete(asKey('charts/index.d/config.json'))
    assert.deepEqual(
      [await asked('compact', URI), await asked('reindex', URI), await asked('delete', 'app', URI, '--version=1.1.0')],
      [0, 0, 0],
    )
  })

  it('deletion of one version: one read of index.yaml, although it is needed twice', async () => {
    const requests = await requestsOf('delete', 'app', URI, '--version=1.0.0')
    assert.deepEqual(
      requests.filter((line) => line.startsWith('PUT') || line.startsWith('DELETE')),
      ['DELETE app-1.0.0.tgz', 'PUT index.d/ULID.yaml', 'PUT index.yaml'],
    )
    const reads = requests.filter((line) => /^(?:GET|TAIL|RANGE) index\.yaml$/.test(line))
    assert.deepEqual(reads, ['GET index.yaml'], requests.join('\n'))
    assert.equal(requests.filter((line) => line === 'HEAD index.yaml').length, 1)
  })

  it('reindex with nothing new: LIST of the archives and one merged read', async () => {
    assert.deepEqual(await requestsOf('reindex', URI), ['GET index.yaml', 'LIST ', 'LIST index.d/'])
  })

  it('config: HEAD and GET, and one PUT for a change', async () => {
    const shown = ['GET index.d/config.json', 'HEAD index.yaml']
    assert.deepEqual(await requestsOf('config', URI), shown)
    assert.deepEqual(await requestsOf('config', URI, 'relative=true'), [...shown, 'PUT index.d/config.json'])
    assert.deepEqual(await requestsOf('config', URI, 'relative=true'), shown)
  })

  it('list and status: one merged read', async () => {
    assert.deepEqual(await requestsOf('list', URI), ['GET index.yaml', 'LIST index.d/'])
    assert.deepEqual(await requestsOf('status', URI), ['LIST index.d/', 'TAIL index.yaml'])
  })

  /** Writes other charts into the index, so many that it has pages; `note` lengthens each. */
  async function growIndex(note: string, change: (index: IndexText) => IndexText = (index) => index): Promise<void> {
    const key = asKey('charts/index.yaml')
    const object = await program.object(key)
    const index = readIndexText(object?.body ?? new Uint8Array())
    const names = Array.from({ length: 60 }, (_, i) => `chart-${String(i).padStart(2, '0')}`)
    const { bookkeeping, generated } = index
    const large = change(
      index
        .withCharts(new Map(names.map((name) => [name, versionsOf(name, 10, note)])))
        .withHeader({ bookkeeping, generated }),
    )
    const text = storedText(layOut(large, program.paging.sizes, sha256Of))
    assert.ok((pagingIn(text)?.spans.length ?? 0) > 4)
    const metadata = {
      [NEWEST_METADATA]: [...bookkeeping.folded.keys()].sort().at(-1) ?? '',
      [WRITE_METADATA]: bookkeeping.writeId,
    }
    await program.bucket.put(key, text, { when: 'always', metadata })
    // The compactions of what was pushed before are over.
    program.pass(10_000)
  }

  describe('on an index with pages that is sent as a whole', () => {
    beforeEach(() => growIndex('x'.repeat(4000)))

    it('push with compaction: as without pages', async () => {
      assert.deepEqual(await requestsOf('push', program.path('web-1.0.0.tgz'), URI), [
        'GET index.d/config.json',
        'GET index.yaml',
        'HEAD index.yaml',
        'HEAD web-1.0.0.tgz',
        'LIST index.d/',
        'LIST index.d/',
        'LIST index.d/',
        'PUT index.d/ULID.yaml',
        'PUT index.yaml',
        'PUT web-1.0.0.tgz',
      ])
    })

    it('deletion of one version: all of it at once, for all of it is written', async () => {
      assert.deepEqual(await requestsOf('delete', 'app', URI, '--version=1.0.0'), [
        'DELETE app-1.0.0.tgz',
        'GET index.d/ULID.yaml',
        'GET index.yaml',
        'GET-UNLESS index.yaml',
        'GET-UNLESS index.yaml',
        'HEAD app-1.0.0.tgz',
        'HEAD app-1.0.0.tgz',
        'HEAD app-1.0.0.tgz.prov',
        'HEAD index.yaml',
        'LIST index.d/',
        'LIST index.d/',
        'LIST index.d/',
        'LIST index.d/',
        'PUT index.d/ULID.yaml',
        'PUT index.yaml',
      ])
    })

    it('fetch: LIST, the end of the index, the page of the chart, and the archive', async () => {
      assert.deepEqual(await requestsOf('fetch', 'app', URI, '--destination', program.path()), [
        'GET app-1.1.0.tgz',
        'LIST index.d/',
        'RANGE index.yaml',
        'TAIL index.yaml',
      ])
    })

    it('list of one chart: LIST, the end of the index, and the page of the chart; list of all: the whole', async () => {
      assert.deepEqual(await requestsOf('list', URI, 'app'), ['LIST index.d/', 'RANGE index.yaml', 'TAIL index.yaml'])
      assert.deepEqual(await requestsOf('list', URI), ['GET index.yaml', 'LIST index.d/'])
    })

    it('compaction with nothing to do: LIST and the end of the index', async () => {
      assert.deepEqual(await requestsOf('compact', URI), ['LIST index.d/', 'TAIL index.yaml'])
    })

    it('download of an index: the whole; when it is kept: its end; when it has changed: what has changed', async () => {
      assert.deepEqual(await download('index.yaml'), ['GET index.yaml', 'LIST index.d/'])
      assert.deepEqual(await download('index.yaml'), ['LIST index.d/', 'TAIL index.yaml'])
      await program.ok('push', program.path('web-1.0.0.tgz'), URI)
      assert.deepEqual(await download('index.yaml'), [
        'LIST index.d/',
        'RANGE index.yaml',
        'RANGE index.yaml',
        'TAIL index.yaml',
      ])
    })
  })

  describe('on an index that the store composes', () => {
    const composing = (index: IndexText): IndexText => {
      const { bookkeeping, generated } = index
      const place = sha256(Buffer.from('memory')).slice(0, 16)
      const composes = new Map([[place, { works: true, at: Date.now() - 1000 - (Date.now() % 1000) }]])
      return index.withHeader({ bookkeeping: { ...bookkeeping, composes }, generated })
    }
    beforeEach(() => {
      program.paging = EIGHTH
      return growIndex('x'.repeat(5000), composing)
    })

    it('push with compaction: the end of the index and the page of the chart, and parts instead of the PUT', async () => {
      assert.deepEqual(await requestsOf('push', program.path('web-1.0.0.tgz'), URI), [
        'GET index.d/config.json',
        'HEAD index.yaml',
        'HEAD web-1.0.0.tgz',
        'LIST index.d/',
        'LIST index.d/',
        'LIST index.d/',
        'POST index.yaml',
        'POST index.yaml',
        'PUT copied part index.yaml',
        'PUT index.d/ULID.yaml',
        'PUT part index.yaml',
        'PUT web-1.0.0.tgz',
        'RANGE index.yaml',
        'TAIL index.yaml',
      ])
    })

    it('push into a page in the middle: the neighbours of the page in one more request', async () => {
      const path = await program.chart('chart-20', '1.0.1')
      assert.deepEqual(await requestsOf('push', path, URI), [
        'GET index.d/config.json',
        'HEAD chart-20-1.0.1.tgz',
        'HEAD index.yaml',
        'LIST index.d/',
        'LIST index.d/',
        'LIST index.d/',
        'POST index.yaml',
        'POST index.yaml',
        'PUT chart-20-1.0.1.tgz',
        'PUT copied part index.yaml',
        'PUT copied part index.yaml',
        'PUT index.d/ULID.yaml',
        'PUT part index.yaml',
        'PUT part index.yaml',
        'RANGE index.yaml',
        'RANGE index.yaml',
        'TAIL index.yaml',
      ])
    })

    it('deletion of one version: its chart is read once for the deletion, and once for the compaction', async () => {
      assert.deepEqual(await requestsOf('delete', 'app', URI, '--version=1.0.0'), [
        'DELETE app-1.0.0.tgz',
        'GET index.d/ULID.yaml',
        'HEAD app-1.0.0.tgz',
        'HEAD app-1.0.0.tgz',
        'HEAD app-1.0.0.tgz.prov',
        'HEAD index.yaml',
        'LIST index.d/',
        'LIST index.d/',
        'LIST index.d/',
        'LIST index.d/',
        'POST index.yaml',
        'POST index.yaml',
        'PUT copied part index.yaml',
        'PUT index.d/ULID.yaml',
        'PUT part index.yaml',
        'PUT part index.yaml',
        'RANGE index.yaml',
        'RANGE index.yaml',
        'RANGE index.yaml',
        'TAIL index.yaml',
        'TAIL index.yaml',
        'TAIL index.yaml',
      ])
    })

    it('push where more than half would have to be sent: the whole, after all', async () => {
      const paths = await Promise.all(['chart-10', 'chart-30', 'chart-50'].map((name) => program.chart(name, '1.0.1')))
      assert.deepEqual(await requestsOf('push', ...paths, URI), [
        'GET index.d/config.json',
        'GET index.yaml',
        'HEAD chart-10-1.0.1.tgz',
        'HEAD chart-30-1.0.1.tgz',
        'HEAD chart-50-1.0.1.tgz',
        'HEAD index.yaml',
        'LIST index.d/',
        'LIST index.d/',
        'LIST index.d/',
        'LIST index.d/',
        'PUT chart-10-1.0.1.tgz',
        'PUT chart-30-1.0.1.tgz',
        'PUT chart-50-1.0.1.tgz',
        'PUT index.d/ULID.yaml',
        'PUT index.yaml',
        'RANGE index.yaml',
        'RANGE index.yaml',
        'RANGE index.yaml',
        'TAIL index.yaml',
      ])
    })
  })
})

function countedUploads(uploads: MultipartUploads, counted: (method: string, key: string) => void): MultipartUploads {
  return {
    begin: (key, options) => (counted('POST', key), uploads.begin(key, options)),
    copyPart: (upload, number, source) => (
      counted('PUT copied part', upload.key),
      uploads.copyPart(upload, number, source)
    ),
    sendPart: (upload, number, body) => (counted('PUT part', upload.key), uploads.sendPart(upload, number, body)),
    complete: (upload, parts, options) => (counted('POST', upload.key), uploads.complete(upload, parts, options)),
    abort: (upload) => (counted('DELETE upload', upload.key), uploads.abort(upload)),
    list: (prefix) => (counted('UPLOADS', prefix), uploads.list(prefix)),
  }
}
