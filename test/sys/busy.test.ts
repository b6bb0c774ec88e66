import assert from 'node:assert/strict'
import { attend, stillInTime, whileBusy } from '../../lib/sys/busy.ts'
import { parseGoYaml } from '../../lib/yaml/load.ts'
import { withDeadline } from '../../lib/cli/deadline.ts'
import { systemClock } from '../../lib/sys/clock.ts'

describe('work that waits for nothing', () => {
  it('tells its attendant once when it begins and once when it ends, whatever the result', () => {
    const told: string[] = []
    const leave = attend({ begin: () => told.push('begin'), end: () => told.push('end') })
    assert.equal(
      whileBusy(() => whileBusy(() => 7)),
      7,
    )
    assert.throws(
      () =>
        whileBusy(() => {
          throw new Error('no')
        }),
      /no/,
    )
    leave()
    whileBusy(() => undefined)
    assert.deepEqual(told, ['begin', 'end', 'begin', 'end'])
  })

  it('ends when its time is up: a long YAML text is not read to its end', async () => {
    let now = 0
    const clock = { ...systemClock, monotonic: () => (now += 1000) }
    const text = '- a\n'.repeat(20_000)
    await assert.rejects(
      withDeadline({ timeout: 2000, clock }, async () => parseGoYaml(text)),
      { code: 'timeout', message: 'not done after 2s' },
    )
    // The time limit has ended, so this must not throw.
    stillInTime()
  })
})
