import assert from 'node:assert/strict'
import { withDeadline } from '../../lib/cli/deadline.ts'
import { HelmS3Error, hasCode } from '../../lib/errors.ts'
import { Interruption } from '../../lib/ui/output.ts'
import { type Clock, systemClock } from '../../lib/sys/clock.ts'

/** A clock whose sleeps are over at once, unless they are longer than `patience` milliseconds. */
function hastyClock(patience: number): Clock {
  return {
    ...systemClock,
    sleep: async (ms, signal) => {
      if (ms <= patience) return
      await new Promise((_, reject) => {
        signal?.addEventListener('abort', () => {
          reject(signal.reason as Error)
        })
      })
    },
  }
}

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error)
    })
  })

describe('deadline', () => {
  it('gives the result of an operation that ends in time', async () => {
    assert.equal(await withDeadline({ timeout: 1000, clock: systemClock }, async () => 7), 7)
  })

  it('gives the error of an operation that fails in time', async () => {
    const run = withDeadline({ timeout: 1000, clock: systemClock }, async () => {
      throw new HelmS3Error('denied', 'no')
    })
    await assert.rejects(run, (error) => hasCode(error, 'denied'))
  })

  it('aborts the requests when the time is up, and says so', async () => {
    const run = withDeadline({ timeout: 90_000, clock: hastyClock(90_000) }, async (signal) => untilAborted(signal))
    await assert.rejects(run, (error) => hasCode(error, 'timeout') && error.message === 'not done after 1m30s')
  })

  it('does not wait for an operation that ignores the signal', async () => {
    const run = withDeadline({ timeout: 0, clock: hastyClock(90_000) }, () => new Promise(() => undefined))
    await assert.rejects(run, (error) => hasCode(error, 'timeout'))
  })

  it('gives the result, or the unknown outcome, of an operation that still ends after the abort', async () => {
    const clock = hastyClock(100)
    assert.equal(
      await withDeadline({ timeout: 100, clock }, async (signal) => untilAborted(signal).catch(() => 'done')),
      'done',
    )
    const unknown = withDeadline({ timeout: 100, clock }, async (signal) =>
      untilAborted(signal).catch(() => {
        throw new HelmS3Error('outcome-unknown', 'who knows')
      }),
    )
    await assert.rejects(unknown, (error) => hasCode(error, 'outcome-unknown'))
  })

  it('accepts a timeout longer than a timer can wait', async () => {
    assert.equal(await withDeadline({ timeout: 1e15, clock: systemClock }, async () => 'done'), 'done')
  })

  it('ends at once when the process is interrupted, before or during the operation', async () => {
    const controller = new AbortController()
    const run = withDeadline(
      { timeout: 1000, clock: systemClock, interrupted: controller.signal },
      () => new Promise(() => undefined),
    )
    controller.abort(new Interruption('SIGTERM', 143))
    await assert.rejects(run, (error) => error instanceof Interruption && error.exitStatus === 143)
    const again = withDeadline(
      { timeout: 1000, clock: systemClock, interrupted: controller.signal },
      () => new Promise(() => undefined),
    )
    await assert.rejects(again, Interruption)
  })
})
