import assert from 'node:assert/strict'
import { asKey } from '../../lib/core/keys.ts'
import type { ObjectStore } from '../../lib/store/object-store.ts'
import { useProgram } from '../support/program.ts'

const URI = 's3://acme/charts'

/*
 * What docs/PERFORMANCE.md says about the requests of every operation, counted at the port: each object is asked for
 * once. The numbers are those of an operation that no other crosses.
 */
describe('requests of one operation', () => {
  const program = useProgram()

  /** The requests of a command, sorted, as `METHOD key`; ULIDs and the folder of the repository are left out. */
  async function requestsOf(...argv: readonly string[]): Promise<string[]> {
    const requests: string[] = []
    const { bucket } = program
    const counted = (method: string, key: string): void =>
      void requests.push(`${method} ${key.replace('charts/', '').replace(/[0-7][0-9A-HJKMNP-TV-Z]{25}/, 'ULID')}`)
    const faults: Partial<ObjectStore> = {
      list: (prefix, options) => (counted('LIST', prefix), bucket.list(prefix, options)),
      get: (key, options) => (
        counted(options?.first === undefined ? 'GET' : 'GET-PART', key),
        bucket.get(key, options)
      ),
      getUnless: (key, etag) => (counted('GET-UNLESS', key), bucket.getUnless(key, etag)),
      head: (key) => (counted('HEAD', key), bucket.head(key)),
      put: (key, body, options) => (counted('PUT', key), bucket.put(key, body, options)),
      delete: (key, options) => (counted('DELETE', key), bucket.delete(key, options)),
      stream: (key) => (counted('GET', key), bucket.stream(key)),
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

  it('push without compaction: 7, three of them at once before the others, whatever the size of the repository', async () => {
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

  it('push of n charts with --ignore-if-exists: looks before the PUTs, too', async () => {
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
      'GET index.yaml',
      'GET-PART index.yaml',
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

  it('copy: one view and a GET of the archive and of its provenance file, then what a push sends', async () => {
    await program.ok('init', 's3://acme/other')
    assert.deepEqual(await requestsOf('copy', 'app', URI, 's3://acme/other', '--no-compact'), [
      'GET app-1.1.0.tgz',
      'GET app-1.1.0.tgz.prov',
      'GET index.yaml',
      'GET other/index.d/config.json',
      'HEAD other/app-1.1.0.tgz',
      'HEAD other/index.yaml',
      'LIST index.d/',
      'LIST other/index.d/',
      'LIST other/index.d/',
      'PUT other/app-1.1.0.tgz',
      'PUT other/index.d/ULID.yaml',
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

  it('compaction with nothing to do: LIST and GET', async () => {
    assert.deepEqual(await requestsOf('compact', URI), ['GET index.yaml', 'LIST index.d/'])
  })

  it('what lists the deltas first: a GET of the defaults of the repository only where it has any', async () => {
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

  it('deletion of one version: of the two views the second view costs no body', async () => {
    const requests = await requestsOf('delete', 'app', URI, '--version=1.0.0')
    assert.deepEqual(
      requests.filter((line) => line.startsWith('PUT') || line.startsWith('DELETE')),
      ['DELETE app-1.0.0.tgz', 'PUT index.d/ULID.yaml', 'PUT index.yaml'],
    )
    assert.equal(requests.filter((line) => line === 'GET index.yaml').length, 1, requests.join('\n'))
  })

  it('reindex with nothing new: LIST of the archives and one view', async () => {
    assert.deepEqual(await requestsOf('reindex', URI), ['GET index.yaml', 'LIST ', 'LIST index.d/'])
  })

  it('config: HEAD and GET; a change one PUT more', async () => {
    const shown = ['GET index.d/config.json', 'HEAD index.yaml']
    assert.deepEqual(await requestsOf('config', URI), shown)
    assert.deepEqual(await requestsOf('config', URI, 'relative=true'), [...shown, 'PUT index.d/config.json'])
    assert.deepEqual(await requestsOf('config', URI, 'relative=true'), shown)
  })

  it('list and status: one view', async () => {
    assert.deepEqual(await requestsOf('list', URI), ['GET index.yaml', 'LIST index.d/'])
    assert.deepEqual(await requestsOf('status', URI), ['GET index.yaml', 'LIST index.d/'])
  })
})
