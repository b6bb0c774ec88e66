import assert from 'node:assert/strict'
import { emptyIndexText } from '../../../lib/core/index/index-text.ts'
import { type Key, asKey, repositoryAt } from '../../../lib/core/keys.ts'
import { type DeltaId, deltaKey, makeDeltaId } from '../../../lib/core/log/delta-id.ts'
import { encodeDelta } from '../../../lib/core/log/delta-text.ts'
import type { Entry } from '../../../lib/core/log/entry.ts'
import { MemoryStore } from '../../../lib/store/memory-store.ts'
import { sha256 } from '../../../lib/sys/sha256.ts'
import { findFaults } from './audit.ts'
import { Ledger } from './ledger.ts'
import { readSnapshot } from './snapshot.ts'

const NOW = Date.UTC(2026, 0, 1)
const LOCATION = repositoryAt('bucket', 'repo/')
const FOLDED = makeDeltaId(NOW, new Uint8Array(10))
const LATER = makeDeltaId(NOW + 1000, new Uint8Array(10))

/** A repository with app 1.0.0, app 1.1.0+b and web 0.1.0, which was signed; the delta of all three is folded. */
class Bucket {
  readonly store = new MemoryStore({ now: () => NOW + 5000, minPartSize: 1 })
  readonly ledger = new Ledger()
  readonly entries: Entry[] = []

  static async make(): Promise<Bucket> {
    const bucket = new Bucket()
    for (const [name, version] of [
      ['app', '1.0.0'],
      ['app', '1.1.0+b'],
      ['web', '0.1.0'],
    ] as const) {
      const digest = sha256(await bucket.put(`${name}-${version}.tgz`, `${name} ${version}`))
      bucket.entries.push({
        name,
        version,
        digest,
        urls: [`${LOCATION.url}/${encodeURIComponent(`${name}-${version}.tgz`)}`],
      })
      bucket.ledger.acknowledge({ name, version, digest })
    }
    await bucket.put('web-0.1.0.tgz.prov', 'signed')
    await bucket.put('index.d/config.json', '{}')
    await bucket.putDelta(FOLDED, bucket.entries)
    await bucket.writeIndex()
    return bucket
  }

  async put(name: string, text: string): Promise<Buffer> {
    await this.store.put(key(name), Buffer.from(text), { when: 'always' })
    return Buffer.from(text)
  }

  remove(name: string): Promise<unknown> {
    return this.store.delete(key(name))
  }

  async putDelta(id: DeltaId, entries: readonly Entry[]): Promise<void> {
    const added = entries.map((entry) => ({ entry, ifAbsent: false }))
    await this.store.put(deltaKey(LOCATION.deltaFolder, id), encodeDelta({ added, removed: [] }), { when: 'always' })
  }

  async writeIndex(entries = this.entries): Promise<void> {
    const charts = new Map(['app', 'web'].map((name) => [name, entries.filter((entry) => entry.name === name)]))
    const folded = new Map([[FOLDED, { at: NOW, touched: [], gone: undefined }]])
    const index = emptyIndexText('json')
      .withCharts(charts)
      .withHeader({ bookkeeping: { generation: 1, writeId: 'w', folded }, generated: undefined })
    await this.store.put(LOCATION.indexKey, index.toBytes(), { when: 'always' })
  }

  async faults(): Promise<readonly string[]> {
    return findFaults(await readSnapshot(this.store, LOCATION, true), this.ledger)
  }
}

describe('the audit of a repository', () => {
  it('finds nothing wrong where every entry has its archive and all deltas are folded', async () => {
    assert.deepEqual(await (await Bucket.make()).faults(), [])
  })

  it('accepts what was put there by hand, once it is noted', async () => {
    const bucket = await Bucket.make()
    await bucket.put('index.yaml.broken-0123456789abcdef', 'garbage')
    await bucket.writeIndex([...bucket.entries, { name: 'app', version: '9.0.0', urls: ['app-9.0.0.tgz'] }])
    assert.equal((await bucket.faults()).length, 2)
    bucket.ledger.noteStray('index.yaml.broken-0123456789abcdef')
    bucket.ledger.noteUnbacked({ name: 'app', version: '9.0.0' })
    assert.deepEqual(await bucket.faults(), [])
  })

  const breakages: Readonly<Record<string, readonly [(bucket: Bucket) => Promise<unknown>, readonly RegExp[]]>> = {
    'a missing index': [(bucket) => bucket.remove('index.yaml'), [/^there is no index\.yaml$/]],
    'a missing archive': [(bucket) => bucket.remove('app-1.0.0.tgz'), [/^app 1\.0\.0 has no archive/]],
    'an archive with other bytes': [
      (bucket) => bucket.put('app-1.1.0+b.tgz', 'other'),
      [/^app 1\.1\.0\+b: the archive at repo\/app-1\.1\.0\+b\.tgz has another digest$/],
    ],
    'a lost entry, whose archive nothing explains then': [
      (bucket) => bucket.writeIndex(bucket.entries.slice(0, 2)),
      [/^web 0\.1\.0 is lost/, /explains repo\/web-0\.1\.0\.tgz$/, /explains repo\/web-0\.1\.0\.tgz\.prov$/],
    ],
    'an entry that was removed': [
      async ({ ledger }) => ledger.remove({ name: 'app', version: '1.0.0' }),
      [/^app 1\.0\.0 is in the index, and was never pushed, or was removed$/],
    ],
    'entry and archive of another push than the last one': [
      async ({ ledger }) => ledger.acknowledge({ name: 'app', version: '1.0.0', digest: 'd' }),
      [/^app 1\.0\.0 has another digest than its last push$/],
    ],
    'an entry that leads elsewhere': [
      (bucket) =>
        bucket.writeIndex(
          bucket.entries.map((entry) =>
            entry.name === 'web' ? { ...entry, urls: ['https://other.example/web'] } : entry,
          ),
        ),
      [/^web 0\.1\.0 names no archive of the repository$/],
    ],
    'a delta that is not folded': [
      (bucket) => bucket.putDelta(LATER, bucket.entries.slice(0, 1)),
      [new RegExp(`^the delta ${LATER} is not folded$`)],
    ],
    'a delta that is ahead of its time, and not folded': [
      async (bucket) => {
        const early = makeDeltaId(NOW + 3_600_000, new Uint8Array(10))
        await bucket.putDelta(early, bucket.entries.slice(0, 1))
      },
      [/is not folded$/, /is ahead of its time$/],
    ],
    'a delta that cannot be read': [
      (bucket) => bucket.put(`index.d/${LATER}.yaml`, 'no delta'),
      [/^nothing explains repo\/index\.d\/.*\.yaml$/],
    ],
    'the mark of a rebuild that has ended': [
      (bucket) => bucket.put('index.d/rebuild-0123456789abcdef.json', '{}'),
      [/^nothing explains repo\/index\.d\/rebuild-/],
    ],
    'what a probe has left': [(bucket) => bucket.put('.helm-s3-probe/x', ''), [/^nothing explains .*probe/]],
    'an archive without an entry': [(bucket) => bucket.put('old-1.0.0.tgz', ''), [/^nothing explains .*old-1/]],
    'an object that was to stay and is gone': [
      async ({ ledger }) => ledger.noteStray('kept'),
      [/^kept is gone, and nobody was to take it away$/],
    ],
    'an open upload': [
      (bucket) => bucket.store.uploads?.begin(LOCATION.indexKey, {}) ?? Promise.resolve(),
      [/^the upload .* of repo\/index\.yaml is open$/],
    ],
  }
  for (const [what, [breakIt, faults]] of Object.entries(breakages)) {
    it(`finds ${what}, and nothing else`, async () => {
      const bucket = await Bucket.make()
      await breakIt(bucket)
      const found = await bucket.faults()
      assert.equal(found.length, faults.length, found.join('\n'))
      for (const [i, fault] of faults.entries()) assert.match(found[i] ?? '', fault)
    })
  }

  it('merges what is not folded: a version of a pending delta is not lost', async () => {
    const bucket = await Bucket.make()
    await bucket.writeIndex(bucket.entries.slice(1))
    await bucket.putDelta(LATER, bucket.entries.slice(0, 1))
    assert.deepEqual(await bucket.faults(), [`the delta ${LATER} is not folded`])
  })
})

function key(name: string): Key {
  return asKey(LOCATION.prefix + name)
}
