import assert from 'node:assert/strict'
import { type Retries, attempts } from '../../../lib/protocol/session/attempts.ts'
import * as LIMITS from '../../../lib/protocol/session/limits.ts'

/** A session whose random numbers are all the same and which records its pauses, in milliseconds. */
function patientSession(fraction: number) {
  const slept: number[] = []
  const clock = {
    now: () => 0,
    monotonic: () => 0,
    sleep: async (milliseconds: number) => void slept.push(milliseconds),
  }
  return { slept, session: { clock, random: { bytes: () => new Uint8Array(), fraction: () => fraction } } }
}

async function exhaust(
  retries: Retries,
  fraction: number,
): Promise<{ readonly tried: readonly number[]; readonly slept: readonly number[] }> {
  const { session, slept } = patientSession(fraction)
  const tried: number[] = []
  for await (const attempt of attempts(session, retries)) tried.push(attempt)
  return { tried, slept }
}

describe('attempts', () => {
  const retries: Retries = { attempts: 5, pause: { first: 100, growth: 2, longest: 300, jitter: 1 } }

  it('pause between two attempts, but neither before the first nor after the last', async () => {
    assert.deepEqual(await exhaust(retries, 0), { tried: [1, 2, 3, 4, 5], slept: [100, 200, 300, 300] })
  })

  it('make a part of each pause random', async () => {
    const half: Retries = { attempts: 3, pause: { first: 100, growth: 1, longest: 100, jitter: 0.5 } }
    assert.deepEqual((await exhaust(half, 0.5)).slept, [75, 75])
    assert.deepEqual((await exhaust(retries, 0.5)).slept, [50, 100, 150, 150])
  })

  it('follow one another at once when no pause is set, without a random number', async () => {
    assert.deepEqual(await exhaust({ attempts: 3 }, Number.NaN), { tried: [1, 2, 3], slept: [] })
  })

  it('do not pause after the loop is left', async () => {
    const { session, slept } = patientSession(0)
    for await (const attempt of attempts(session, retries)) if (attempt === 2) break
    assert.deepEqual(slept, [100])
  })

  /** For each row of limits: the number of attempts, then the shortest and the longest pauses, in milliseconds. */
  const ROWS: readonly (readonly [keyof typeof LIMITS, number, readonly number[], readonly number[]])[] = [
    ['PUSH_RETRIES', 12, [], [100, 200, 400, 800, 1600, 3000, 3000, 3000, 3000, 3000, 3000]],
    ['FOLD_RETRIES', 10, [], [200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000]],
    ['SWAP_RETRIES', 8, [], [200, 400, 800, 1000, 1000, 1000, 1000]],
    ['ARCHIVE_RETRIES', 12, Array<number>(11).fill(100), Array<number>(11).fill(500)],
    ['REFUSED_RETRIES', 3, [200, 500], [200, 500]],
    ['DISAGREEMENT_RETRIES', 4, [250, 500, 1000], [750, 1500, 3000]],
  ]

  for (const [name, most, shortest, longest] of ROWS) {
    it(`have the expected number and pauses with ${name}`, async () => {
      const row = LIMITS[name] as Retries
      assert.equal(row.attempts, most)
      const round = ({ slept }: { readonly slept: readonly number[] }): number[] =>
        slept.map((pause) => Math.round(pause))
      assert.deepEqual(round(await exhaust(row, 1)), shortest.length === 0 ? longest.map(() => 0) : shortest)
      assert.deepEqual(round(await exhaust(row, 0)), longest)
    })
  }
})
