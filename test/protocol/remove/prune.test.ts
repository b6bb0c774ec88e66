import assert from 'node:assert/strict'
import { archiveKey } from '../../../lib/core/keys.ts'
import { HelmS3Error } from '../../../lib/errors.ts'
import { type PruneOptions, type PruneResult, prune } from '../../../lib/protocol/remove/prune.ts'
import { readView } from '../../../lib/protocol/read/read-view.ts'
import type { Session } from '../../../lib/protocol/session/session.ts'
import type { ObjectStore } from '../../../lib/store/object-store.ts'
import { Repository, upload } from '../fixture.ts'

/** More than one delta takes at 10 ms a request: 500 always go into one, and no more fit into half the deadline. */
const VERSIONS = 610
const KEPT = 10
const FIRST_PART = 500
const REST = VERSIONS - KEPT - FIRST_PART

const RULES = {
  keepLast: KEPT,
  keepPrereleases: undefined,
  isPruned: () => true,
  isKept: () => false,
  isInUse: () => false,
}
const OPTIONS: PruneOptions = {
  rules: RULES,
  olderThan: undefined,
  orphanAge: undefined,
  allowManyOrphans: true,
  dryRun: false,
}

describe('a prune of more versions than can be deleted in time', () => {
  let repository: Repository
  /** A client of a store that is slow to answer a HEAD. */
  const slowly = (change: Partial<ObjectStore> = {}): Session =>
    repository.session({
      head: (key) => {
        repository.pass(10)
        return repository.bucket.head(key)
      },
      ...change,
    })
  const sent = (method: string): number => repository.requests.filter((request) => request.startsWith(method)).length
  const indexed = async (): Promise<readonly string[]> =>
    (await readView(repository.session())).index
      .versions('app')
      .map(({ version }) => version)
      .sort(byPatch)
  const archives = async (): Promise<readonly string[]> =>
    (await repository.bucket.list('charts/app-')).objects
      .map(({ key }) => key.slice('charts/app-'.length, -'.tgz'.length))
      .sort(byPatch)

  beforeEach(async function () {
    this.timeout(20_000)
    repository = await Repository.initialised()
    await repository.push(Array.from({ length: VERSIONS }, (_, patch) => upload('app', `1.0.${String(patch)}`)))
    // From now on every new id is above those of the archives, and no removal of them is under way.
    repository.pass(120_000)
    repository.requests.length = 0
  })

  it('writes several deltas one after another, and its result counts the versions of all of them', async () => {
    const result = await prune(slowly(), OPTIONS)
    assert.deepEqual(
      result.committed.map(({ delta }) => delta.removed.length),
      [FIRST_PART, REST],
    )
    assert.equal(sent('PUT index.d/'), 2)
    assert.deepEqual([result.removed.length, result.keptArchives], [VERSIONS - KEPT, []])
    assert.deepEqual([await indexed(), await archives()], [lastVersions(KEPT), lastVersions(KEPT)])
    const [first, second] = result.committed.map(({ id }) => id)
    assert.ok(first !== undefined && second !== undefined && first < second, 'the second delta is the later one')
  })

  it('deletes the archives of the first delta before it writes the second', async () => {
    await prune(slowly(), OPTIONS)
    const second = repository.requests.lastIndexOf('PUT index.d/ULID.yaml')
    assert.equal(
      repository.requests.slice(0, second).filter((request) => request.startsWith('DELETE app-')).length,
      FIRST_PART,
    )
  })

  it('writes one delta when the store is fast', async () => {
    const result = await prune(repository.session(), OPTIONS)
    assert.deepEqual(
      result.committed.map(({ delta }) => delta.removed.length),
      [VERSIONS - KEPT],
    )
  })

  it('applies the rules again before the second delta, so that a version pushed in between counts among the newest', async () => {
    let deleted = 0
    const session = slowly({
      delete: async (key, options) => {
        if (++deleted === FIRST_PART) await repository.push([upload('app', '2.0.0')])
        return repository.bucket.delete(key, options)
      },
    })
    const result = await prune(session, OPTIONS)
    assert.equal(result.removed.length, VERSIONS - KEPT + 1)
    assert.deepEqual(await indexed(), [...lastVersions(KEPT - 1), '2.0.0'])
    assert.deepEqual(await archives(), await indexed())
  })

  describe('that is interrupted between two deltas', () => {
    /** A prune of which the store refuses the second delta. */
    const interrupted = (): Promise<PruneResult> => {
      let deltas = 0
      return prune(
        slowly({
          put: (key, body, options) => {
            if (key.includes('index.d/') && ++deltas === 2)
              throw new HelmS3Error('denied', 'no more', { hint: 'ask for it' })
            return repository.bucket.put(key, body, options)
          },
        }),
        OPTIONS,
      )
    }

    it('leaves an index that names exactly the remaining archives, and reports how many versions it has removed', async () => {
      await assert.rejects(interrupted(), {
        code: 'denied',
        message: /no more$/,
        hint: `${String(FIRST_PART)} versions were already removed; ask for it`,
      })
      assert.equal((await indexed()).length, VERSIONS - FIRST_PART)
      assert.deepEqual(await indexed(), await archives())
    })

    it('removes the remaining versions when it is run again', async () => {
      await assert.rejects(interrupted())
      const { committed, removed } = await prune(slowly(), OPTIONS)
      assert.deepEqual([removed.length, committed.length], [REST, 1])
      assert.deepEqual([await indexed(), await archives()], [lastVersions(KEPT), lastVersions(KEPT)])
    })
  })
})

describe('the progress of a prune', () => {
  it('ends at its total although some archives are kept', async () => {
    const repository = await Repository.initialised()
    await repository.push(['1.0.0', '1.1.0', '1.2.0', '2.0.0'].map((version) => upload('app', version)))
    repository.pass(120_000)
    const steps = { title: '', total: 0, done: 0, hasEnded: false }
    const session = repository.session({
      put: async (key, body, options) => {
        const placed = await repository.bucket.put(key, body, options)
        // One version is pushed again before the second look, and by then it is too late to delete the other archives.
        if (key.includes('index.d/')) await repository.push([upload('app', '1.1.0', 'a')])
        return placed
      },
    })
    const track: Session['track'] = (title, total) => {
      Object.assign(steps, { title, total })
      return { advance: (n = 1) => void (steps.done += n), end: () => void (steps.hasEnded = true) }
    }
    const { keptArchives, removed } = await prune(
      { ...session, track },
      { ...OPTIONS, rules: { ...RULES, keepLast: 1 } },
    )
    assert.equal(removed.length, 3)
    assert.deepEqual(keptArchives, ['charts/app-1.2.0.tgz', 'charts/app-1.0.0.tgz'])
    assert.deepEqual(steps, { title: 'deleting archives', total: 3, done: 3, hasEnded: true })
  })
})

function lastVersions(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `1.0.${String(VERSIONS - count + i)}`)
}

function byPatch(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}

describe('a prune of orphans', () => {
  it('keeps an archive that another client writes over an orphan after the listing', async () => {
    const repository = await Repository.initialised()
    const [old, young] = [upload('app', '1.0.0', 'old'), upload('app', '1.0.0', 'young')]
    await repository.place(old)
    repository.pass(2 * 3_600_000)
    let isFirst = true
    const session = repository.session({
      list: async (prefix, options) => {
        const page = await repository.bucket.list(prefix, options)
        const shows = page.objects.some(({ key }) => key.endsWith('app-1.0.0.tgz'))
        if (isFirst && shows) {
          isFirst = false
          await repository.place(young)
        }
        return page
      },
    })
    await prune(session, { ...OPTIONS, rules: undefined, orphanAge: 3_600_000 })
    assert.equal(isFirst, false)
    const object = await repository.bucket.get(archiveKey(repository.location, old))
    assert.equal(Buffer.from(object?.body ?? []).toString(), 'app 1.0.0 young')
  })
})
