import assert from 'node:assert/strict'
import fc from 'fast-check'
import { parseGoYaml } from '../../lib/yaml/load.ts'
import { readBlockYaml } from '../../lib/yaml/block-reader.ts'
import { compareKeys, writeMapping } from '../../lib/yaml/writer.ts'
import { readVectors } from '../core/index/helm-vectors.ts'
import { budget } from '../support/budget.ts'

interface WriterVector {
  readonly value: Record<string, unknown>
  readonly yaml: string
}

const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({
    maxLength: 8,
    unit: fc.constantFrom(' ', '\n', 'a', ':', '#', '-', '"', "'", '1', '.', '\t', 'é', '{', '[', ',', '\\', '|', '?'),
  }),
  fc.string({ maxLength: 4, unit: 'grapheme' }),
)
/** Keys that the block reader reads. It leaves keys with other letters to the full parser. */
const simpleKey = fc.constantFrom('a', 'b-c', 'd.e/f', '1e3', 'x y', 'yes')
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    text,
    fc.boolean(),
    fc.integer(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(text, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
}))
const mapping = fc.dictionary(text, value, { minKeys: 1, maxKeys: 4, noNullPrototype: true }) as fc.Arbitrary<
  Record<string, unknown>
>

describe('yaml writer', () => {
  for (const vector of readVectors<WriterVector>('yaml-writer.json')) {
    it(`writes ${JSON.stringify(vector.value).slice(0, 40)} as go-yaml does`, () =>
      assert.equal(writeMapping(vector.value, 0), vector.yaml))
  }

  it('writes what the full parser reads as the same value', () => {
    fc.assert(
      fc.property(mapping, (wanted) => assert.deepEqual(parseGoYaml(writeMapping(wanted, 0)), wanted)),
      { numRuns: budget(500) },
    )
  })

  // The `yaml` package writes these plain or raw, and Helm 3 and 4 then refuse the whole index: docs/decisions/0027.
  for (const [what, word, written] of [
    ['octal digits of YAML 1.2', '0o7', '"0o7"'],
    ['the same with a sign', '-0o7', '"-0o7"'],
    ['hexadecimal digits with a large X', '0X1F', '"0X1F"'],
    ['the word for a merge', '<<', '"<<"'],
    ['DEL', 'a\u007fb', '"a\\x7Fb"'],
    ['a byte order mark', '\ufeffa', '"\\uFEFFa"'],
  ] as const) {
    it(`writes what stays a string to Helm: ${what}`, () => {
      const value = { key: word, list: [word], [word]: 'x' }
      const text = writeMapping(value, 0)
      assert.ok(
        text.includes(`key: ${written}\n`) && text.includes(`- ${written}\n`) && text.includes(`${written}: x\n`),
        text,
      )
      assert.deepEqual(parseGoYaml(text), value)
    })
  }

  it('writes a lone surrogate as U+FFFD, because Helm refuses its escape', () => {
    assert.deepEqual(parseGoYaml(writeMapping({ key: 'a\ud800' }, 0)), { key: 'a\ufffd' })
  })

  it('writes simple keys with any values so that the block reader reads them, all as they were', () => {
    fc.assert(
      fc.property(
        fc.dictionary(simpleKey, fc.oneof(text, fc.array(text), fc.boolean()), { noNullPrototype: true }),
        (wanted) => assert.deepEqual(readBlockYaml(writeMapping({ ...wanted, last: 1 }, 0)), { ...wanted, last: 1 }),
      ),
      { numRuns: budget(300) },
    )
  })

  it('writes a long key so that YAML readers find its colon', () => {
    const long = { ['k'.repeat(2000)]: { a: 'b' }, ['l'.repeat(2000)]: 'x' }
    assert.deepEqual(parseGoYaml(writeMapping(long, 0)), long)
  })

  it('orders keys as go-yaml does', () => {
    const keys = ['B', 'a-b', 'a_b', 'a.b', 'a1', 'a01', 'ab', 'b2', 'b10', '1', '9', '10', 'é', 'a']
    const sorted = [...keys].sort(compareKeys)
    assert.deepEqual(sorted, ['1', '9', '10', 'B', 'a', 'a-b', 'a.b', 'a_b', 'a1', 'a01', 'ab', 'b2', 'b10', 'é'])
  })
})
