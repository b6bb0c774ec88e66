import assert from 'node:assert/strict'
import { type VersionFilter, newestVersions } from '../../lib/core/newest-versions.ts'
import { hasCode } from '../../lib/errors.ts'
import { entry, indexOf } from '../support/builders.ts'

const PLAIN: VersionFilter = { name: undefined, constraint: undefined, devel: false, all: false }

describe('the newest versions of an index', () => {
  const index = indexOf(
    ...['1.9.0', '1.10.0', '2.0.0-rc.1', '1.10.0-rc.2', '0.0.0'].map((version) => entry('web', version)),
    entry('app', '0.1.0'),
    entry('beta', '1.0.0-beta'),
  )
  const chosen = (filter: Partial<VersionFilter>): string[] =>
    newestVersions(index, { ...PLAIN, ...filter }).map(({ name, version }) => `${name} ${version}`)

  for (const [what, filter, expected] of [
    ['one stable version of each chart, by name', {}, ['app 0.1.0', 'web 1.10.0']],
    ['also pre-releases with --devel', { devel: true }, ['app 0.1.0', 'beta 1.0.0-beta', 'web 2.0.0-rc.1']],
    [
      'all stable versions, newest first, without 0.0.0, which Helm leaves out',
      { all: true, name: 'web' },
      ['web 1.10.0', 'web 1.9.0'],
    ],
    [
      'all versions',
      { all: true, name: 'web', devel: true },
      ['web 2.0.0-rc.1', 'web 1.10.0', 'web 1.10.0-rc.2', 'web 1.9.0', 'web 0.0.0'],
    ],
    ['the newest versions that satisfy a constraint', { constraint: '<1.10' }, ['app 0.1.0', 'web 1.9.0']],
    ['only stable versions with a constraint and --devel', { constraint: '>=1', devel: true }, ['web 1.10.0']],
    ['no versions for an unknown chart', { name: 'we' }, []],
  ] as const) {
    it(`are ${what}`, () => {
      assert.deepEqual(chosen(filter), expected)
    })
  }

  it('cannot be chosen by a text that is not a constraint', () => {
    assert.throws(
      () => chosen({ constraint: 'newest' }),
      (error) => hasCode(error, 'usage'),
    )
  })
})
