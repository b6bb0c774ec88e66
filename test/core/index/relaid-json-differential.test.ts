import assert from 'node:assert/strict'
import fc from 'fast-check'
import { readIndexText } from '../../../lib/core/index/index-text.ts'
import { relayJson } from '../../../lib/core/index/relaid-json.ts'
import { hasCode } from '../../../lib/errors.ts'
import { anyCharacter } from '../../support/any-character.ts'
import { writeJson } from '../../support/json-layouts.ts'
import { assertAlike, inFull, textOf } from './full-parse.ts'
import { budget } from '../../support/budget.ts'

describe('randomly generated JSON in any layout', () => {
  const text = fc.oneof(
    fc.constantFrom(
      '',
      '1.10',
      'a "b" \\ c/d',
      'a<b>&c',
      'é😀',
      '\u2028\ufeff\x7f\x85',
      'two\nlines\t\b\f\r\x01\x1f',
      '\ud800',
    ),
    fc.constantFrom('],"b":[', '}]}}', '"version":"9"', '\\u003c'),
    fc.string({ unit: anyCharacter, maxLength: 6 }),
    fc.string({ maxLength: 12 }),
  )
  const value = fc.letrec((tie) => ({
    any: fc.oneof(text, fc.constantFrom(null, true, false, 0, 7, 1.5, 1e21, 1e-7), tie('list'), tie('object')),
    list: fc.array(tie('any'), { maxLength: 3 }),
    object: fc.dictionary(fc.oneof(text, fc.constantFrom('10', '9', '__proto__', 'a', 'A')), tie('any'), {
      maxKeys: 3,
    }),
  })).any
  const name = fc.constantFrom('a', 'b', 'nginx', '3scale', 'é', 'x "y"', '__proto__', '\u2028', '')
  const version = fc.constantFrom('1.0.0', '2.0.0', '1.10', 'v2', '1.0.0+a')
  const field = fc.oneof(
    fc.tuple(fc.constantFrom('description', 'home', 'digest', 'Digest', 'appVersion', 'KEYWORDS'), text),
    fc.tuple(fc.constantFrom('urls', 'keywords', 'sources', 'urls'), fc.array(text, { maxLength: 3 })),
    fc.tuple(fc.constantFrom('annotations'), fc.dictionary(text, text, { maxKeys: 3 })),
    fc.tuple(fc.constantFrom('icon', 'urls', 'type', 'extra'), fc.constant(null)),
    fc.tuple(fc.constantFrom('extra', 'x-size', '10'), value),
    fc.tuple(fc.constantFrom('deprecated', 'removed'), fc.boolean()),
    fc.tuple(fc.constantFrom('Name', 'VERSION', 'name', 'version'), version),
  )
  // An item is a list of fields, so that a key may stand there twice.
  const item = fc
    .tuple(fc.option(name), fc.option(version, { freq: 9 }), fc.array(field, { maxLength: 5 }), fc.boolean())
    .map(([chart, number, fields, isBehind]): [string, unknown][] => {
      const own: [string, unknown][] = [
        ...(chart === null ? [] : [['name', chart] as [string, unknown]]),
        ...(number === null ? [] : [['version', number] as [string, unknown]]),
      ]
      return isBehind ? [...fields, ...own] : [...own, ...fields]
    })
  const list = fc.oneof(
    fc.array(fc.option(item, { freq: 9 }), { maxLength: 4 }),
    // Items that differ in a little.
    fc
      .tuple(item, fc.array(fc.tuple(fc.nat(), field), { minLength: 1, maxLength: 6 }))
      .map(([first, changes]) => [
        first,
        ...changes.map(([at, change]) => first.map((each, i) => (i === at % first.length ? change : each))),
      ]),
    fc
      .tuple(item, fc.array(text, { minLength: 1, maxLength: 6 }))
      .map(([first, texts]) =>
        texts.map((each): [string, unknown][] => [...first, ['name', 'a'], ['version', each], ['home', each]]),
      ),
  )
  const header = fc.dictionary(
    fc.constantFrom('generated', 'serverInfo', 'extra', 'publicKeys', '7'),
    fc.constantFrom<unknown>(null),
    { maxKeys: 3 },
  )

  it('gives the same bytes as a full parse, with and without changes', () => {
    let paths = 0
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(name, list), { selector: ([each]) => each, maxLength: 4 }),
        header,
        fc.integer(),
        (charts, others, seed) => {
          const bytes = Buffer.from(writeJson({ apiVersion: 'v1', ...others }, charts, seed))
          let expected
          try {
            expected = inFull(bytes)
          } catch (error) {
            assert.ok(hasCode(error, 'invalid-index'), String(error))
            return
          }
          assert.ok(expected)
          const { path } = readIndexText(bytes)
          if (path === 'slices') return
          assertAlike(bytes, /\\ud[89a-f]/i.test(bytes.toString()) ? path : 'relaid')
          if (path === 'relaid') paths++
        },
      ),
      { numRuns: budget(1500), seed: 20 },
    )
    assert.ok(paths > budget(900), String(paths))
  })

  it('is never accepted when JSON.parse refuses it, for every changed, removed or added byte', () => {
    const base = Buffer.from(
      `{"serverInfo":{"a":[1,-0.5e+3]},"apiVersion":"v1", "entries" : {"a":[{"name":"a","version":"1.0.0","home":"\\u003c\\n\\"é😀"},` +
        `{"name":"a","version":"1.0.1","home":"\\u003c\\n\\"é😀"}, null,{"name":"a","version":"1","deprecated":true,"x":{"y":[]}}],\n"b":[] }, "generated":null}`,
    )
    let taken = 0
    for (let at = 0; at <= base.length; at++) {
      for (const code of [
        0x00, 0x0a, 0x20, 0x22, 0x2c, 0x2d, 0x30, 0x3a, 0x5b, 0x5c, 0x5d, 0x61, 0x65, 0x75, 0x7b, 0x7d, 0x7f, 0x80,
        0xff,
      ]) {
        for (const lost of [0, 1]) {
          const bytes = Buffer.concat([base.subarray(0, at), Buffer.of(code), base.subarray(at + lost)])
          taken += assertNoMoreThanParsed(bytes)
        }
      }
      assertNoMoreThanParsed(base.subarray(0, at))
      assertNoMoreThanParsed(Buffer.concat([base.subarray(0, at), base.subarray(at + 1)]))
    }
    assert.ok(taken > 1000, String(taken))
  })

  /** Asserts that a text that is read at all has what a full parse finds. @returns 1 when it is read, else 0 */
  function assertNoMoreThanParsed(bytes: Buffer): number {
    const relaid = relayJson(bytes)
    if (relaid === undefined) return 0
    const seen: unknown = JSON.parse(bytes.toString())
    assert.ok(seen)
    let expected
    try {
      expected = inFull(bytes)
    } catch {
      return 0 // Helm refuses a field, which nobody has asked for here.
    }
    assert.ok(expected)
    assert.equal(textOf(readIndexText(bytes)), textOf(expected))
    return 1
  }
})
