import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { findVersion, isSameBuild, isWhole, namesBuild } from '../../../lib/core/helm/constraint.ts'
import { hasCode } from '../../../lib/errors.ts'
import { entry } from '../../support/builders.ts'
import { budget } from '../../support/budget.ts'

interface Vector {
  readonly versions: string
  readonly want: string
  /** The chosen version. Absent without an error: no version satisfies the constraint. */
  readonly found?: string
  readonly error?: string
}

interface Vectors {
  readonly lists: Readonly<Record<string, readonly string[]>>
  readonly cases: readonly Vector[]
}

const { lists, cases } = JSON.parse(
  readFileSync(new URL('../../../fixtures/helm-vectors/constraints.json', import.meta.url), 'utf8'),
) as Vectors

const find = (versions: readonly string[], want: string): string | undefined =>
  findVersion(
    versions.map((version) => entry('app', version)),
    want,
  )?.version

describe('a requested version', () => {
  for (const { versions, want, found, error } of cases) {
    const list = lists[versions] ?? []
    if (error !== undefined && list.includes(want)) {
      it(`${JSON.stringify(want)}, which Helm refuses, is the exact text of one of the ${versions} versions`, () =>
        assert.equal(find(list, want), want))
    } else if (error !== undefined) {
      it(`${JSON.stringify(want)} is refused, as by Helm, for the ${versions} versions`, () =>
        assert.throws(
          () => find(list, want),
          (thrown) => hasCode(thrown, 'usage'),
        ))
    } else {
      it(`${JSON.stringify(want)} is ${found ?? 'not found'}, as by Helm, among the ${versions} versions`, () =>
        assert.equal(find(list, want), found))
    }
  }

  it('is found whatever the order of the entries', () => {
    const list = lists['usual'] ?? []
    fc.assert(
      fc.property(fc.shuffledSubarray([...list], { minLength: list.length }), (shuffled) => {
        for (const { want, found, error } of cases.filter(({ versions }) => versions === 'usual')) {
          if (error === undefined) assert.equal(find(shuffled, want), found)
        }
      }),
      { numRuns: budget(20) },
    )
  })

  it('is the exact text rather than an equal version', () => {
    assert.equal(find(['1.0.0+a', '1.0.0+b'], '1.0.0+b'), '1.0.0+b')
  })

  it('is refused without catastrophic backtracking when it is very long', () => {
    assert.throws(
      () => find(['1.0.0'], `${'1 , '.repeat(5000)}!`),
      (thrown) => hasCode(thrown, 'usage'),
    )
    assert.throws(
      () => find(['1.0.0'], `${'>  1  '.repeat(5000)}!`),
      (thrown) => hasCode(thrown, 'usage'),
    )
    assert.throws(
      () => find(['1.0.0'], `1${'-a'.repeat(5000)}!`),
      (thrown) => hasCode(thrown, 'usage'),
    )
  })
})

describe('a whole version', () => {
  it('is distinguished from a constraint, and has a build when it has metadata', () => {
    for (const text of ['1.2.3', 'v1.2.3-rc.1', '1.2.3+b']) assert.equal(isWhole(text), true, text)
    for (const text of ['1.2', '1.2+b', '^1.2.3+b', '1.2.x', '=1.2.3', '1.2.3 ', '1.2.3+'])
      assert.equal(isWhole(text), false, text)
    assert.deepEqual(['1.2.3', '1.2.3+b', 'v1.2.3-rc.1+b.1', '>=1.2.3+b', '1.2+b'].map(namesBuild), [
      false,
      true,
      true,
      false,
      false,
    ])
  })

  it('is the same build as another version only with the same metadata', () => {
    assert.deepEqual(
      [
        isSameBuild('v1.2.3+b', '1.2.3+b'),
        isSameBuild('1.2.3+b', '1.2.3+c'),
        isSameBuild('1.2.3', '1.2.3+b'),
        isSameBuild('odd', 'odd'),
      ],
      [true, false, false, true],
    )
  })
})
