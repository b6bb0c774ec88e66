import assert from 'node:assert/strict'
import { archiveKey } from '../../../lib/core/keys.ts'
import { HelmS3Error } from '../../../lib/errors.ts'
import type { ChartUpload } from '../../../lib/protocol/archives/chart-upload.ts'
import type { ObjectStore } from '../../../lib/store/object-store.ts'
import { Repository, upload } from '../fixture.ts'

const name = (i: number): string => `app-${String(i).padStart(3, '0')}`
const charts = (from: number, to: number): ChartUpload[] =>
  Array.from({ length: to - from }, (_, i) => upload(name(from + i), '1.0.0'))

describe('a push of many charts', () => {
  let repository: Repository
  beforeEach(async () => {
    repository = await Repository.initialised({ pageSize: 50 })
  })

  const requests = (start: string): string[] => repository.requests.filter((line) => line.startsWith(start))
  const heads = (): string[] => requests('HEAD app-')
  const push = async (uploads: readonly ChartUpload[], change: Partial<ObjectStore> = {}): Promise<number> => {
    repository.requests.length = 0
    return (await repository.push(uploads, {}, repository.session(change))).pushed.length
  }
  /** Puts archives without any delta, so that no entry names them. */
  const place = async (uploads: readonly ChartUpload[]): Promise<void> => {
    for (const chart of uploads)
      await repository.bucket.put(archiveKey(repository.location, chart), chart.bytes, { when: 'always' })
  }

  it('sends one listing instead of a HEAD for each archive', async () => {
    assert.equal(await push(charts(0, 40)), 40)
    assert.deepEqual([requests('LIST ').filter((line) => line === 'LIST ').length, heads().length], [1, 0])
    assert.equal(requests('PUT app-').length, 40)
  })

  it('sends a HEAD for each archive when there are fewer than 32', async () => {
    assert.equal(await push(charts(0, 31)), 31)
    assert.deepEqual([requests('LIST ').filter((line) => line === 'LIST ').length, heads().length], [0, 31])
  })

  it('writes nothing when one version exists, and sends a HEAD only for that archive', async () => {
    await repository.push([upload(name(17), '1.0.0')])
    assert.equal(await push(charts(0, 40)), 0)
    assert.deepEqual(heads(), [`HEAD ${name(17)}-1.0.0.tgz`])
    assert.deepEqual(requests('PUT'), [])
  })

  it('writes nothing when an existing version is on the last of many pages of the listing', async () => {
    await place(charts(0, 120))
    await repository.push([upload('app-zzz', '1.0.0')])
    assert.equal(await push([...charts(120, 200), upload('app-zzz', '1.0.0')]), 0)
    assert.deepEqual([requests('PUT'), heads()], [[], ['HEAD app-zzz-1.0.0.tgz']])
  })

  it('writes nothing when one version exists on a store that ignores conditions', async () => {
    repository = await Repository.initialised({ conditionalPut: false })
    await repository.push([upload(name(3), '1.0.0')])
    assert.equal(await push(charts(0, 40)), 0)
    assert.deepEqual(requests('PUT'), [])
  })

  it('sends a HEAD for each remaining archive when the pages of the listing contain mostly other archives', async () => {
    const sparse = Array.from({ length: 40 }, (_, i) => upload(`${name(i)}a`, '1.0.0'))
    for (let i = 0; i < 40; i++)
      await place(['b', 'c', 'd', 'e'].map((letter) => upload(`${name(i)}${letter}`, '1.0.0')))
    // The page ends with the third of the archives after the thirteenth chart.
    assert.equal(await push(sparse), 40)
    assert.deepEqual([requests('LIST ').filter((line) => line === 'LIST ').length, heads().length], [1, 27])
  })

  it('sends a HEAD for each archive when it may not list the archives', async () => {
    const change: Partial<ObjectStore> = {
      list: async (prefix, options) => {
        if (!prefix.endsWith('index.d/')) throw new HelmS3Error('denied', 'no')
        return repository.bucket.list(prefix, options)
      },
    }
    assert.equal(await push(charts(0, 40), change), 40)
    assert.equal(heads().length, 40)
  })

  it('finds existing versions by the byte order of their names, as a listing has it', async () => {
    // In UTF-16 the second sorts first.
    const odd = ['app-\uff01', 'app-\u{1f600}'].map((each) => upload(each, '1.0.0'))
    await place(charts(0, 9))
    await repository.push([odd[1] ?? upload('', '')])
    assert.equal(await push([...charts(10, 60), ...odd]), 0)
    assert.deepEqual(requests('PUT'), [])
  })

  it('keeps existing versions with ignoreIfExists', async () => {
    await repository.push([upload(name(17), '1.0.0')])
    const { existing, pushed } = await repository.push(charts(0, 40), { ignoreIfExists: true })
    assert.deepEqual([existing.map((each) => each.name), pushed.length], [[name(17)], 39])
  })
})
