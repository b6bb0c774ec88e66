import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { type FoldedDelta, NO_BOOKKEEPING } from '../../lib/core/log/bookkeeping.ts'
import type { StoredDelta } from '../../lib/core/log/delta.ts'
import { type DeltaId } from '../../lib/core/log/delta-id.ts'
import type { Entry } from '../../lib/core/log/entry.ts'
import { fold, unlistedTouches } from '../../lib/core/fold.ts'
import type { IndexText } from '../../lib/core/index/index-text.ts'
import { foldedAt } from '../../lib/core/plan-compaction.ts'
import { contentOf, delta, digestOf, entry, id, indexOf, moment, removal } from '../support/builders.ts'

describe('fold', () => {
  it('adds versions, with the highest version first', () => {
    const folded = fold(indexOf(entry('app', '1.0.0')), [
      delta(1, { add: [entry('app', '1.10.0'), entry('app', '1.9.0')] }),
    ])
    assert.deepEqual(
      folded.versions('app').map(({ version }) => version),
      ['1.10.0', '1.9.0', '1.0.0'],
    )
  })

  it('keeps versions that differ in their build metadata apart', () => {
    const folded = fold(indexOf(entry('app', '1.0.0+a')), [delta(1, { add: [entry('app', '1.0.0+b')] })])
    assert.deepEqual(
      folded.versions('app').map(({ version }) => version),
      ['1.0.0+b', '1.0.0+a'],
    )
  })

  it('replaces an entry of the same version', () => {
    const folded = fold(indexOf(entry('app', '1.0.0', 'old')), [delta(1, { add: [entry('app', '1.0.0', 'new')] })])
    assert.deepEqual(contentOf(folded), [`app 1.0.0 ${digestOf('new')}`])
  })

  it('adds an entry with ifAbsent only when the version has no entry', () => {
    const folded = fold(indexOf(entry('app', '1.0.0', 'old')), [
      delta(1, { addIfAbsent: [entry('app', '1.0.0', 'new'), entry('app', '2.0.0', 'new')] }),
    ])
    assert.deepEqual(contentOf(folded), [`app 2.0.0 ${digestOf('new')}`, `app 1.0.0 ${digestOf('old')}`])
  })

  it('removes an entry only with the digest that the removal names', () => {
    const base = indexOf(entry('app', '1.0.0', 'old'))
    assert.deepEqual(contentOf(fold(base, [delta(1, { remove: [removal('app', '1.0.0', 'other')] })])), contentOf(base))
    assert.deepEqual(contentOf(fold(base, [delta(1, { remove: [removal('app', '1.0.0')] })])), contentOf(base))
    assert.deepEqual(contentOf(fold(base, [delta(1, { remove: [removal('app', '1.0.0', 'old')] })])), [])
  })

  it('removes an entry without digest by its name and version', () => {
    const { digest: _, ...foreign } = entry('app', '1.0.0')
    assert.deepEqual(
      contentOf(fold(indexOf(foreign as never), [delta(1, { remove: [removal('app', '1.0.0', 'any')] })])),
      [],
    )
  })

  it('removes an entry only with the creation time that the removal names', () => {
    const base = indexOf(entry('app', '1.0.0', 'a'))
    const other = { ...removal('app', '1.0.0', 'a'), created: '2026-01-01T00:00:01Z' }
    const same = { ...removal('app', '1.0.0', 'a'), created: '2026-01-01T00:00:00Z' }
    assert.equal(contentOf(fold(base, [delta(1, { remove: [other] })])).length, 1)
    assert.equal(contentOf(fold(base, [delta(1, { remove: [same] })])).length, 0)
  })

  it('removes no entry by the announcement of the removal of an orphan', () => {
    const { digest: _, ...withoutDigest } = entry('app', '1.0.0')
    const { created: __, ...withoutDate } = entry('app', '1.0.0')
    for (const present of [entry('app', '1.0.0', 'a'), withoutDigest, withoutDate]) {
      const base = indexOf(present)
      for (const digest of [{}, { digest: digestOf('a') }]) {
        const announcement = { name: 'app', version: '1.0.0', ...digest, created: '' }
        assert.deepEqual(contentOf(fold(base, [delta(1, { remove: [announcement] })])), contentOf(base))
      }
    }
  })

  it('applies the removals of a delta before its additions', () => {
    const settled = delta(1, { remove: [removal('app', '1.0.0', 'old')], addIfAbsent: [entry('app', '1.0.0', 'new')] })
    assert.deepEqual(contentOf(fold(indexOf(entry('app', '1.0.0', 'old')), [settled])), [
      `app 1.0.0 ${digestOf('new')}`,
    ])
  })

  it('skips changes to a version that a folded delta with a higher id has touched', () => {
    const base = withFolded(indexOf(), [delta(5, { remove: [removal('app', '1.0.0', 'a')] })])
    assert.deepEqual(contentOf(fold(base, [delta(4, { add: [entry('app', '1.0.0'), entry('app', '2.0.0')] })])), [
      `app 2.0.0 ${digestOf('a')}`,
    ])
    assert.deepEqual(contentOf(fold(base, [delta(6, { add: [entry('app', '1.0.0')] })])), [
      `app 1.0.0 ${digestOf('a')}`,
    ])
  })

  it('skips changes to any of 300 versions that a folded delta with a higher id has touched', () => {
    const many = Array.from({ length: 300 }, (_, i) => entry('app', `${String(i)}.0.0`))
    const base = withFolded(indexOf(), [delta(5, { add: many })])
    const late = delta(4, { add: [entry('app', '7.0.0'), entry('app', '999.0.0')] })
    assert.deepEqual(unlistedTouches(base.bookkeeping, [id(4)]), [])
    assert.deepEqual(
      fold(base, [late])
        .versions('app')
        .map(({ version }) => version),
      ['999.0.0'],
    )
  })

  it('skips every delta below a folded delta whose touched versions are recorded as * and unknown', () => {
    const base = withStar(indexOf(entry('app', '1.0.0', 'old')), 5)
    const deltas = [delta(4, { add: [entry('app', '2.0.0')] }), delta(6, { add: [entry('app', '3.0.0')] })]
    assert.deepEqual(
      fold(base, deltas)
        .versions('app')
        .map(({ version }) => version),
      ['3.0.0', '1.0.0'],
    )
  })

  it('uses the given touched versions of a folded delta that is recorded as *', () => {
    const many = Array.from({ length: 51 }, (_, i) => entry('app', `${String(i)}.0.0`))
    const base = withStar(indexOf(), 5)
    assert.deepEqual(unlistedTouches(base.bookkeeping, [id(4)]), [id(5)])
    assert.deepEqual(unlistedTouches(base.bookkeeping, [id(6)]), [])
    const late = delta(4, { add: [entry('app', '7.0.0'), entry('app', '99.0.0')] })
    const folded = fold(base, [late], new Map([[id(5), many]]))
    assert.deepEqual(
      folded.versions('app').map(({ version }) => version),
      ['99.0.0'],
    )
  })

  describe('in general, for random deltas', () => {
    it('is idempotent', () => {
      fc.assert(
        fc.property(anyIndex, anyDeltas, (base, deltas) => {
          const once = fold(base, deltas)
          assert.deepEqual(contentOf(fold(once, deltas)), contentOf(fold(fold(once, deltas), deltas)))
          assert.deepEqual(contentOf(fold(compacted(base, deltas), [])), contentOf(once))
        }),
      )
    })

    it('does not depend on the order of the given deltas', () => {
      fc.assert(
        fc.property(anyIndex, anyDeltas, fc.infiniteStream(fc.nat()), (base, deltas, numbers) => {
          const shuffled = deltas
            .map((each) => ({ each, key: numbers.next().value as number }))
            .sort((a, b) => a.key - b.key)
          assert.deepEqual(
            fold(
              base,
              shuffled.map(({ each }) => each),
            ).toBytes(),
            fold(base, deltas).toBytes(),
          )
        }),
      )
    })

    it('gives the same in two steps as in one, in any order of ids, when every removal matches', () => {
      fc.assert(
        fc.property(anyIndex, anyDeltas, fc.infiniteStream(fc.boolean()), (base, deltas, coins) => {
          const matching = withMatchingRemovals(base, deltas)
          const [first, second] = partition(matching, () => coins.next().value as boolean)
          fc.pre(everyRemovalMatches(base, first))
          assert.deepEqual(contentOf(fold(compacted(base, first), second)), contentOf(fold(base, matching)))
        }),
      )
    })

    it('gives the same in two steps as in one when the second step has the higher ids', () => {
      fc.assert(
        fc.property(anyIndex, anyDeltas, fc.nat(8), (base, deltas, at) => {
          const [first, second] = [deltas.slice(0, at), deltas.slice(at)]
          assert.deepEqual(contentOf(fold(compacted(base, first), second)), contentOf(fold(base, deltas)))
        }),
      )
    })

    it('leaves every chart sorted as Helm sorts it, without duplicates', () => {
      fc.assert(
        fc.property(anyIndex, anyDeltas, (base, deltas) => {
          const folded = fold(base, deltas)
          for (const name of folded.chartNames()) {
            const versions = folded.versions(name).map(({ version }) => version)
            assert.equal(new Set(versions).size, versions.length)
          }
        }),
      )
    })
  })
})

const NAMES = ['app', 'web']
const VERSIONS = ['1.0.0', '1.1.0', '2.0.0-rc.1']
const CONTENTS = ['a', 'b']

const anyEntry = fc
  .tuple(fc.constantFrom(...NAMES), fc.constantFrom(...VERSIONS), fc.constantFrom(...CONTENTS))
  .map(([n, v, c]) => entry(n, v, c))
const anyEntries = fc.uniqueArray(anyEntry, { maxLength: 4, selector: ({ name, version }) => `${name} ${version}` })
const anyIndex = anyEntries.map((entries) => fold(indexOf(), [delta(0, { add: entries })]))
const anyDeltas = fc
  .array(fc.record({ add: anyEntries, addIfAbsent: anyEntries, remove: anyEntries }), { maxLength: 8 })
  .map((contents) =>
    contents.map(({ add, addIfAbsent, remove }, i) => {
      const taken = new Set(add.map(({ name, version }) => `${name} ${version}`))
      return delta(i + 1, {
        add,
        addIfAbsent: addIfAbsent.filter(({ name, version }) => !taken.has(`${name} ${version}`)),
        remove: remove.map(({ name, version, digest }) => ({
          name,
          version,
          ...(digest === undefined ? {} : { digest }),
        })),
      })
    }),
  )

/** The base that a compaction makes from these deltas. */
function compacted(base: IndexText, deltas: readonly StoredDelta[]): IndexText {
  return withFolded(fold(base, deltas), deltas)
}

/** A folded delta of more than 50 versions, in the form in which releases before 1.1 noted it. */
function withStar(index: IndexText, n: number): IndexText {
  const folded = new Map<DeltaId, FoldedDelta>([[id(n), { at: moment(100), touched: '*', gone: undefined }]])
  return index.withHeader({ bookkeeping: { ...NO_BOOKKEEPING, folded }, generated: index.generated })
}

function withFolded(index: IndexText, deltas: readonly StoredDelta[]): IndexText {
  const folded = new Map<DeltaId, FoldedDelta>(index.bookkeeping.folded)
  for (const each of deltas) folded.set(each.id, foldedAt(moment(100), each))
  return index.withHeader({ bookkeeping: { ...NO_BOOKKEEPING, folded }, generated: index.generated })
}

/**
 * The same deltas without `ifAbsent`, and with each removal naming the digest of the entry that it meets. Clients write
 * such deltas when none is overtaken.
 */
function withMatchingRemovals(base: IndexText, deltas: readonly StoredDelta[]): StoredDelta[] {
  let index = base
  return deltas.map((each) => {
    const present = each.removed.flatMap(({ name, version }) => index.find({ name, version }) ?? [])
    const matching: StoredDelta = {
      ...each,
      added: each.added.filter(({ ifAbsent }) => !ifAbsent),
      removed: present.map(({ name, version, digest }) => ({
        name,
        version,
        ...(digest === undefined ? {} : { digest }),
      })),
    }
    index = fold(index, [matching])
    return matching
  })
}

function everyRemovalMatches(base: IndexText, deltas: readonly StoredDelta[]): boolean {
  return withMatchingRemovals(base, deltas).every((each, i) => isDeepStrictEqual(each.removed, deltas[i]?.removed))
}

function partition<T>(items: readonly T[], belongsToFirst: () => boolean): [T[], T[]] {
  const first: T[] = []
  const second: T[] = []
  for (const item of items) (belongsToFirst() ? first : second).push(item)
  return [first, second]
}

describe('versions that are equal by semver', () => {
  it('are sorted by their dates, then by their build identifiers, with numbers compared as numbers', () => {
    const of = (version: string, created: string): Entry => ({ ...entry('app', version), created })
    const [early, late] = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00+01:00']
    const add = [
      of('106.0.0+up9.0.0', early),
      of('106.0.0+up10.0.0', late),
      of('1.0.0+2.1', early),
      of('1.0.0+10', early),
      of('1.0.0+2', early),
      of('v1.0.0', early),
      of('1.0.0+a', early),
    ]
    const folded = fold(indexOf(), [delta(1, { add })])
    assert.deepEqual(
      folded.versions('app').map(({ version }) => version),
      ['106.0.0+up10.0.0', '106.0.0+up9.0.0', '1.0.0+a', '1.0.0+10', '1.0.0+2.1', '1.0.0+2', 'v1.0.0'],
    )
  })
})
