import assert from 'node:assert/strict'
import { type Trial, tryInputs } from './guided.ts'
import { SeededRandom } from '../simulation/seeded-random.ts'
import { MAX_SIZE, mutate } from './mutations.ts'

describe('the search for inputs that fail', () => {
  const trial = (counters: Uint8Array, take: (bytes: Buffer) => void, runs: number): Trial => ({
    target: { corpus: () => [Buffer.from('start')], take },
    files: [],
    runs,
    seed: 1,
    counters,
    trying: () => undefined,
  })

  /** Fails when the input has these four bytes, and counts how many of them it has. */
  const lock =
    (counters: Uint8Array) =>
    (bytes: Buffer): void => {
      const key = '{[<&'
      let open = 0
      while (open < key.length && bytes[open] === key.charCodeAt(open)) open++
      counters[open] = 1
      if (open === key.length) throw new RangeError('open')
    }

  it('goes on from inputs that take new branches, and so finds what chance does not', async () => {
    const counters = new Uint8Array(8)
    const found = await tryInputs(trial(counters, lock(counters), 200_000))
    assert.match(found.failure?.error ?? '', /open/)
    const blind = await tryInputs(trial(new Uint8Array(), lock(new Uint8Array(8)), found.ran * 2))
    assert.equal(blind.failure, undefined)
  })

  it('gives an input that fails without what it fails without', async () => {
    const counters = new Uint8Array(8)
    const { failure } = await tryInputs(trial(counters, lock(counters), 200_000))
    assert.equal(Buffer.from(failure?.input ?? []).toString(), '{[<&')
  })

  it('tries the same inputs with the same seed', async () => {
    const all = async (): Promise<readonly string[]> => {
      const tried: string[] = []
      await tryInputs(trial(new Uint8Array(8), (bytes) => void tried.push(bytes.toString('hex')), 300))
      return tried
    }
    assert.deepEqual(await all(), await all())
  })

  it('tries each input that is there at the start as it is', async () => {
    const tried: string[] = []
    const files = [Buffer.from('real')]
    await tryInputs({ ...trial(new Uint8Array(), (bytes) => void tried.push(bytes.toString()), 0), files })
    assert.deepEqual(tried, ['real', 'start'])
  })

  it('makes no input that is too large', () => {
    const random = new SeededRandom(1)
    let input: Buffer = Buffer.from('grow')
    for (let i = 0; i < 500; i++) {
      input = mutate(input, random, [input])
      assert.ok(input.length <= MAX_SIZE)
    }
  })
})
