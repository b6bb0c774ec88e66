import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { applyEdit } from './edits.ts'
import { MUTANTS } from './mutants.ts'

const LIB = join(import.meta.dirname, '../../lib')

describe('an edit of the simulated program', () => {
  const apply = (text: string, find: string, replace = 'NEW'): string =>
    applyEdit(text, { file: 'a.ts', find, replace })

  it('changes the place that it names, and nothing else', () => {
    assert.equal(apply('one(a)\ntwo(b)\n', 'two(b)'), 'one(a)\nNEW\n')
    assert.equal(apply('one', 'one'), 'NEW')
  })

  it('matches however the code and the edit are wrapped', () => {
    const wrapped = 'before\n  call(\n    first,\n    { a: [1, 2,], },\n  )\nafter\n'
    for (const find of [
      'call(first, { a: [1, 2] })',
      'call(first,{a:[1,2]})',
      '\n call (\n first, { a: [1, 2,\n ], }, )\n',
    ]) {
      assert.equal(apply(wrapped, find), 'before\n  NEW\nafter\n')
      assert.equal(
        apply(`before ${find} after`, 'call(\n\tfirst,\n\t{ a: [1, 2] }\n)').replaceAll(/\s+/g, ' '),
        'before NEW after',
      )
    }
  })

  it('ignores only commas before a closing bracket', () => {
    assert.throws(() => apply('call(first, second)', 'call(first second)'), /does not hold exactly once/)
    assert.throws(() => apply('[, 1]', '[1]'), /does not hold exactly once/)
    assert.equal(apply('f({ until, match })', 'until, '), 'f({ NEW match })')
  })

  it('inserts its replacement literally', () => {
    assert.equal(apply('a b c', 'b', "$& $' $1"), "a $& $' $1 c")
  })

  it('is refused when it matches no place, or more than one', () => {
    for (const [text, find] of [
      ['one', 'two'],
      ['', 'one'],
      ['one', ''],
      ['one', ' \n'],
      ['one; o ne', 'one'],
      ['f(a); f(a,\n)', 'f(a)'],
      ['aaa', 'aa'],
    ] as const) {
      assert.throws(() => apply(text, find), /^Error: a\.ts does not hold exactly once: /)
    }
  })

  it('matches the program and changes it, for each mutant', () => {
    for (const { also = [], rule, ...first } of MUTANTS) {
      for (const edit of [first, ...also]) {
        const text = readFileSync(join(LIB, edit.file), 'utf8')
        assert.notEqual(applyEdit(text, edit), text, rule)
      }
    }
  })

  it('matches the program for each mutant also when the program is wrapped in another way', () => {
    for (const { also = [], rule, ...first } of MUTANTS) {
      for (const edit of [first, ...also]) {
        const text = readFileSync(join(LIB, edit.file), 'utf8')
        const wrapped = text
          .replaceAll(/(?<=[([{])|(?<=,) /g, '\n        ')
          .replaceAll(/(?<![,([{\s])\s*(?=[)\]}])/g, ',\n')
        assert.notEqual(wrapped, text)
        assert.notEqual(applyEdit(wrapped, edit), wrapped, rule)
      }
    }
  })
})
