import assert from 'node:assert/strict'
import { QUIET, recordWith, resultWith } from './fixture.ts'
import { differences, faults, levelFor, withResults } from './results.ts'

describe('the results of stores', () => {
  it('differ in nothing when the same was found', () => {
    assert.deepEqual(differences(resultWith(), resultWith({ date: '2026-02-02' })), [])
    const counted = recordWith({}, { create: { ...QUIET, without: 3, errors: 7 } })
    assert.deepEqual(differences(resultWith(), resultWith({ probe: counted })), [])
  })

  it('differ where a store is new, and name what differs', () => {
    assert.equal(differences(undefined, resultWith()).length, 1)
    const now = resultWith({
      version: '1.1',
      level: 'exact but for deletes',
      probe: recordWith({ 'remove-stale': '204, gone' }),
      contract: { passes: 89, fails: ['deleting removes'] },
      product: { level: 'exact but for deletes', findings: ['store-deletes-always'] },
    })
    assert.deepEqual(differences(resultWith(), now), [
      'version: 1.0 -> 1.1',
      'level: exact -> exact but for deletes',
      'remove-stale: 412 PreconditionFailed, kept -> 204, gone',
      'contract, what fails: nothing -> deleting removes',
      'check --probe: nothing -> store-deletes-always',
    ])
  })

  const racy = (bad: number) =>
    resultWith({
      level: 'index only',
      probe: recordWith({ 'create-race': 'several winners' }, { create: { ...QUIET, bad, most: 2 } }),
      product: { level: 'index only', findings: ['store-create-races'] },
    })

  it('differ when a race is lost for the first time, and not when one is not lost that was lost seldom', () => {
    assert.deepEqual(differences(resultWith(), racy(1)), [
      'level: exact -> index only',
      'create-race: one winner -> several winners',
      'check --probe: nothing -> store-create-races',
    ])
    assert.deepEqual(differences(racy(2), resultWith()), [])
    assert.equal(differences(racy(20), resultWith()).length, 3)
    assert.deepEqual(differences(resultWith(), racy(1), { rare: ['create-race'] }), [])
  })

  it('do not differ in what check --probe finds of a race that is lost seldom, and do in all else', () => {
    const finding = (...findings: readonly string[]) => resultWith({ product: { level: 'exact', findings } })
    const seldom = { rare: ['swap-race'], rareFindings: ['store-composes-not'] } as const
    const before = finding('store-swap-races', 'store-ignores-checksums')
    assert.deepEqual(differences(before, finding('store-ignores-checksums', 'store-composes-not'), seldom), [])
    assert.deepEqual(differences(before, finding('store-ignores-checksums', 'store-without-winner'), seldom), [])
    assert.deepEqual(differences(before, finding('store-swap-races'), seldom), [
      'check --probe: store-ignores-checksums -> nothing',
    ])
    assert.equal(differences(before, finding('store-ignores-checksums')).length, 1)
  })

  it('do not differ in tests of the contract that may fail', () => {
    const now = resultWith({ contract: { passes: 89, fails: ['a race'] } })
    assert.deepEqual(differences(resultWith(), now, { contract: { mayFail: ['a race'] } }), [])
  })

  it('differ in the steps of a life', () => {
    const life = (fails: readonly string[], differs: readonly string[]) =>
      resultWith({ life: { works: 1, fails, differs } })
    assert.deepEqual(differences(life(['a'], ['b']), life(['b'], [])), [
      'life, fails now: b',
      'life, fails no longer: a',
      'life, differs no longer: b',
    ])
    assert.deepEqual(differences(life([], []), life([], ['b']), { lifeMayDiffer: ['b'] }), [])
    assert.deepEqual(differences(life([], ['b']), life([], []), { lifeMayDiffer: ['b'] }), [])
    assert.equal(differences(life([], []), life(['b'], []), { lifeMayDiffer: ['b'] }).length, 1)
    assert.deepEqual(differences(resultWith(), life([], [])), ['life: it is new'])
    assert.deepEqual(differences(life([], []), resultWith()), ['life: it was not lived'])
  })

  it('are wrong where the program comes to another level, or a life fails on a store that is not unsafe', () => {
    assert.deepEqual(faults(resultWith()), [])
    assert.match(
      faults(resultWith({ product: { level: 'index only', findings: ['x'] } }))[0] ?? '',
      /"index only" \(x\)/,
    )
    const life = { works: 1, fails: ['a step'], differs: [] }
    assert.deepEqual(faults(resultWith({ life })), ['the life fails: a step'])
    assert.deepEqual(faults(resultWith({ life }), { life: { 'a step': 'the store forgets' } }), [])
    assert.deepEqual(faults(resultWith({ life }), { life: { 'a step': 'it forgets', 'another step': 'it lies' } }), [
      'a step of the life no longer fails: another step',
    ])
    const unsafe = { level: 'unsafe', findings: [] } as const
    const probe = recordWith({ shows: 'late: LIST' })
    assert.deepEqual(faults(resultWith({ life, probe, level: 'unsafe', product: unsafe })), [])
    const broken = { level: 'fails', findings: [] } as const
    assert.deepEqual(faults(resultWith({ life, probe, level: 'unsafe', product: broken })), [])
    assert.equal(faults(resultWith({ product: broken })).length, 1)
  })

  it('take a level as agreed that a rare race explains', () => {
    const missed = { ...racy(2), product: { level: 'exact', findings: [] } }
    assert.deepEqual(faults(missed), [])
    assert.equal(faults({ ...racy(20), product: { level: 'exact', findings: [] } }).length, 1)
    assert.deepEqual(
      faults(resultWith({ product: { level: 'index only', findings: [] } }), { rare: ['create-race'] }),
      [],
    )
  })

  it('have the worse level where a race is known from other runs', () => {
    assert.equal(levelFor(recordWith(), []).level, 'exact')
    assert.deepEqual(levelFor(recordWith(), ['create-race']), {
      level: 'index only',
      why: ['creation: several winners, in few rounds'],
    })
    const often = recordWith({ 'create-race': 'several winners' }, { create: { ...QUIET, bad: 20, most: 9 } })
    assert.deepEqual(levelFor(often, ['create-race']).why, ['creation: several winners'])
  })

  it('of some stores replace theirs alone, in the order of the stores', () => {
    const [old, fresh] = [resultWith(), resultWith({ version: '2' })]
    const merged = withResults({ b: old, gone: old }, { a: fresh, b: fresh }, ['a', 'b', 'c'])
    assert.deepEqual(
      Object.entries(merged).map(([name, { version }]) => [name, version]),
      [
        ['a', '2'],
        ['b', '2'],
        ['gone', '1.0'],
      ],
    )
  })
})
