import assert from 'node:assert/strict'
import { type PlanOptions, type RoundPlan, VERSIONS, planRound, textOf } from './plan.ts'

const OPTIONS: PlanOptions = { form: 'bundle', pace: 'even' }
const many = (options = OPTIONS): readonly RoundPlan[] =>
  Array.from({ length: 400 }, (_, round) => planRound(7, round, options))

describe('the plan of a round', () => {
  it('is the same for the same seed and round, and another one for others', () => {
    assert.deepEqual(planRound(7, 3, OPTIONS), planRound(7, 3, OPTIONS))
    assert.notDeepEqual(planRound(7, 3, OPTIONS), planRound(7, 4, OPTIONS))
    assert.notDeepEqual(planRound(7, 3, OPTIONS), planRound(8, 3, OPTIONS))
  })

  it('has four to eight changes at once, and two or three readers', () => {
    for (const { operations } of many()) {
      const readers = operations.filter(({ kind }) => kind === 'read').length
      assert.ok(readers === 2 || readers === 3, String(readers))
      assert.ok(operations.length - readers >= 4 && operations.length - readers <= 8, String(operations.length))
    }
  })

  it('draws every operation, every fault of a process and of the network, damage, outages and wrong clocks', () => {
    const plans = many()
    const operations = plans.flatMap((plan) => plan.operations)
    const seen = new Set([
      ...operations.map(({ kind }) => kind as string),
      ...operations.map(({ process }) => (process?.kind === 'kill-at' ? process.when : (process?.kind ?? 'none'))),
      ...operations.flatMap(({ network }) => network.map(({ kind }) => kind as string)),
      ...plans.map(({ damage }) => damage?.what ?? 'no damage'),
      ...plans.map(({ outage }) => (outage === undefined ? 'no outage' : 'outage')),
      ...operations.map(({ clock }) => (clock === 0 ? 'right' : 'wrong')),
      ...operations.map(({ machine }) => `machine ${String(machine)}`),
    ])
    const kinds = ['push', 'push-many', 'force', 'ignore', 'delete', 'prune', 'restore', 'copy', 'reindex']
    const others = ['check-fix', 'compact', 'empty', 'read', 'pull']
    const processes = ['none', 'kill-after', 'before', 'passed', 'answered', 'stop']
    const network = ['drop', 'lose', 'late', 'slow', 'slow-answer', 'repeat', 'cut-request', 'cut-answer']
    const answers = ['answer-500', 'answer-503', 'answer-409']
    const world = ['lost', 'garbage', 'old', 'no damage', 'outage', 'no outage', 'right', 'wrong']
    const machines = ['machine 0', 'machine 1', 'machine 2']
    const expected = [...kinds, ...others, ...processes, ...network, ...answers, ...world, ...machines]
    assert.deepEqual([...seen].sort(), expected.sort())
  })

  it('pushes into a repository that is damaged only versions that were not there', () => {
    for (const { damage, operations, start } of many()) {
      if (damage === undefined) continue
      const there = start.map(textOf)
      for (const version of operations.flatMap(({ versions }) => versions.map(textOf)))
        assert.ok(!there.includes(version), version)
    }
  })

  it('holds nothing for more than five seconds, but with long delays for up to ninety', () => {
    const longest = (plans: readonly RoundPlan[]): number =>
      Math.max(
        ...plans.flatMap(({ operations }) =>
          operations.flatMap(({ network, process }) => [
            ...network.map(({ ms }) => ms),
            process?.kind === 'stop' ? process.ms : 0,
          ]),
        ),
      )
    assert.ok(longest(many()) < 5000)
    const long = longest(many({ ...OPTIONS, pace: 'long' }))
    assert.ok(long > 60_000 && long <= 90_200, String(long))
  })

  it('kills most of all and holds nothing for long where that is asked for', () => {
    const plans = many({ ...OPTIONS, pace: 'kills' })
    const operations = plans.flatMap((plan) => plan.operations).filter(({ kind }) => kind !== 'read' && kind !== 'pull')
    const killed = operations.filter(({ process }) => process !== undefined)
    assert.ok(killed.length > 0.65 * operations.length, `${String(killed.length)} of ${String(operations.length)}`)
    assert.ok(killed.every(({ process }) => process?.kind !== 'stop'))
    assert.ok(operations.every(({ network }) => network.every(({ ms }) => ms <= 400)))
    assert.ok(plans.every(({ outage }) => outage === undefined))
  })

  it('asks of another program only what it can do', () => {
    const plans = many({ ...OPTIONS, kinds: ['push', 'delete', 'read'] })
    const kinds = new Set(plans.flatMap(({ operations }) => operations.map(({ kind }) => kind)))
    assert.deepEqual([...kinds].sort(), ['delete', 'push', 'read'])
    assert.ok(plans.every(({ damage }) => damage === undefined))
  })

  it('names each version once', () => {
    assert.equal(new Set(VERSIONS.map(textOf)).size, VERSIONS.length)
  })
})
