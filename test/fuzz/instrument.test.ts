import assert from 'node:assert/strict'
import { compileFunction } from 'node:vm'
import { COUNTERS } from './fuzz-order.ts'
import { instrument } from './instrument.ts'

/** Runs a function body with its branches counted. */
function run(body: string): { readonly value: unknown; readonly counts: readonly number[] } {
  const { code, count } = instrument(body, 0)
  const counters = new Uint8Array(count)
  const counted = compileFunction(code, [COUNTERS]) as (counters: Uint8Array) => unknown
  const value = counted(counters)
  return { value, counts: [...counters] }
}

describe('a program with counters in its branches', () => {
  const CASES: readonly (readonly [code: string, value: unknown, counts: readonly number[]])[] = [
    ['return true ? 1 : 2', 1, [1, 0]],
    ['return (0 || 5) + (1 && 2) + (null ?? 3)', 10, [1, 1, 1]],
    ['return true || false', true, [0]],
    ['if (false) return 1\nelse if (true) return 2\nreturn 3', 2, [0, 1, 1]],
    ['let sum = 0\nfor (const n of [1, 2, 3]) sum += n\nreturn sum', 6, [3]],
    ['let n = 0\nwhile (n < 300) n++\nreturn n', 300, [300 % 256]],
    ['const f = (a) => (b) => a + b\nreturn f(1)(2)', 3, [1, 1]],
    ['const f = () => ({ a: 1 })\nreturn f().a', 1, [1]],
    ['switch (2) { case 1: return "a"; case 2: return "b"; default: return "c" }', 'b', [0, 1, 0]],
    ['try { throw 1 } catch { return 2 } finally { void 0 }', 2, [1, 1, 1]],
    [
      'const f = (a) => a ? a > 1 ? "many" : "one" : "none"\nreturn [f(2), f(1), f(0)].join()',
      'many,one,none',
      [3, 2, 1, 1, 1],
    ],
  ]
  for (const [code, value, counts] of CASES) {
    it(`does the same, and tells which were taken: ${code.replaceAll('\n', '; ')}`, () => {
      assert.deepEqual(run(code), { value, counts })
    })
  }

  it('has numbers from the first one given on', () => {
    assert.deepEqual(instrument('a && b', 7), { code: `a && (${COUNTERS}[7]++,b)`, count: 1 })
  })
})
