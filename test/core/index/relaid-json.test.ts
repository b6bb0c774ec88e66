import assert from 'node:assert/strict'
import { isUtf8 } from 'node:buffer'
import { readIndexText } from '../../../lib/core/index/index-text.ts'
import { relayJson } from '../../../lib/core/index/relaid-json.ts'
import { hasCode } from '../../../lib/errors.ts'
import { MAX_JSON_DEPTH } from '../../../lib/text/size-limits.ts'
import { assertAlike, inFull, textOf } from './full-parse.ts'

const index = (entries: string): string => `{"apiVersion":"v1","entries":${entries}}`
/** An index with one item between two others, in a layout that is not ours. */
const between = (item: string): string =>
  index(`{"a":[{"name":"a","version":"2.0.0"},${item},{"name":"a","version":"1.0.0"}]}`)

describe('JSON in any layout', () => {
  const VALUES = [
    ...[
      '"a"',
      '"\\u00e9"',
      '"\\uD83D\\uDE00"',
      '"\\ud800"',
      '"\\/"',
      '"\\u000A"',
      '"\\u000a"',
      '"\\u001f"',
      '"\\u001F"',
    ],
    ...['"\x7f"', '"\x80"', '"\u2028"', '"\ufeff"', '"\\u0022"', '"\\u005C"', '"\\u007F"', '"\ufffe"', '"\ufffd"'],
    ...['"a\tb"', '"a\nb"', '"\\x41"', '"\\u12"', '"\\u12g4"', '"\\', '"a', "'a'", '"\\U0041"', '"\\v"', '"\\0"'],
    ...[
      '0',
      '-0',
      '1',
      '10',
      '01',
      '-01',
      '1.0',
      '1.',
      '.5',
      '1e5',
      '1E+5',
      '1e',
      '1e+',
      '-',
      '+1',
      '0x1',
      '1_0',
      '1e999',
    ],
    ...['NaN', 'Infinity', 'undefined', 'nul', 'nulls', 'Null', 'true', 'True', 'tru', 'truefalse', 'false', ''],
    ...[
      '[]',
      '[,]',
      '[1,]',
      '[,1]',
      '[1 2]',
      '[1]]',
      '[',
      ']',
      '[[]',
      '{}',
      '{,}',
      '{"a":1,}',
      '{"a"}',
      '{"a":}',
      '{a:1}',
    ],
    ...['{"a":1 "b":2}', '{"a" 1}', '{"a":1}}', '{1:2}', '{"a":1,"a":2}', '{"b":1,"a":2}', '{"2":1,"1":2}', '{"":0}'],
    ...[
      '/**/1',
      '1//',
      '1\u00a0',
      '\u00a01',
      '1\v',
      '\f1',
      ' 1',
      '1\t',
      '\r\n1',
      '{"a":{"a":{"a":"a"}}}',
      '"a""b"',
      '1,2',
    ],
  ]
  for (const value of VALUES) {
    it(`accepts ${JSON.stringify(value)} as a value exactly when JSON.parse does`, () => {
      for (const text of [
        between(`{"name":"a","version":"1.1.0","extra":${value}}`),
        between(`{"extra":${value},"name":"a","version":"1.1.0"}`),
        between(`{"name":"a","version":"1.1.0","extra":"x"},{"name":"a","version":"1.1.0","extra":${value}}`),
        between(`{"name":"a","version":"1.1.0","extra":{"in":["x",${value}]}}`),
        between(value),
        `{"apiVersion":"v1","extra":${value},"entries":{"a":[{"name":"a","version":"1.0.0"}]}}`,
        `{"apiVersion":"v1","entries":{"a":[{"name":"a","version":"1.0.0"}]},"extra":${value}}`,
        index(`{"a":${value}}`),
        index(value),
        `${index('{}')}${value}`,
      ]) {
        const bytes = Buffer.from(text)
        const isJson = isTaken(() => JSON.parse(text))
        if (!isJson) assert.equal(relayJson(bytes), undefined, text)
        else if (isTaken(() => inFull(bytes)))
          assert.equal(textOf(readIndexText(bytes)), textOf(inFull(bytes) ?? assert.fail()), text)
        else
          assert.throws(
            () => readIndexText(bytes),
            (error) => hasCode(error, 'invalid-index'),
            text,
          )
      }
    })
  }

  const DOUBTFUL: Readonly<Record<string, string>> = {
    'a chart that occurs twice': index('{"a":[{"name":"a","version":"1.0.0"}],"a":[]}'),
    'a chart that occurs twice, once with an escape': index('{"a":[{"name":"a","version":"1.0.0"}],"\\u0061":[]}'),
    'an entries field that occurs twice': '{"apiVersion":"v1","entries":{"a":[]},"Entries":{"b":[]}}',
    'a chart whose name is a number': index('{"b":[],"7":[{"name":"7","version":"1.0.0"}]}'),
    'a chart that is null': index('{"a":null}'),
    'null entries': index('null'),
    'no entries': '{"apiVersion":"v1"}',
    'half a surrogate pair in a value': between('{"name":"a","version":"1.0.0\\ud800"}'),
    'half a surrogate pair in the name of a chart': index('{"a\\udfff":[{"name":"a","version":"1.0.0"}]}'),
    'bytes that are not UTF-8': index('{"a":[{"name":"a","version":"1.0.0","home":"\\u00ff"}]}'),
  }
  for (const [what, text] of Object.entries(DOUBTFUL)) {
    it(`is left to the full parse: ${what}`, () => {
      const isBroken = what.includes('UTF-8')
      const bytes = isBroken ? Buffer.from(text.replace('\\u00ff', '\u00ff'), 'latin1') : Buffer.from(text)
      assertAlike(bytes, 'full-parse')
    })
  }

  const TAKEN: Readonly<Record<string, string>> = {
    'the entries field in upper case as the first field':
      ' {"ENTRIES":{"a":[{"name":"a","version":"1.0.0"}]},"apiVersion":"v1"}',
    'the entries field with an escape in its name':
      '{"apiVersion":"v1","\\u0065ntries":{"a":[{"name":"a","version":"1.0.0"}]}}',
    'top-level fields after the entries, two of them twice':
      '{"entries":{"a":[{"name":"a","version":"1.0.0"}]},"annotations":{"x":"1"},"apiVersion":"v0","apiVersion":"v1","7":[7],"annotations":{"y":"2"}}',
    'lists without versions': index('{"a":[],"b":[null],"c":[null,null]}'),
    'no charts': index('{ }'),
    'a chart with escapes in its name': index('{"\\u0061\\/\\u2028\\ud83d\\ude00":[{"name":"a","version":"1.0.0"}]}'),
    'names of properties of the object prototype': index(
      '{"__proto__":[{"name":"a","version":"1.0.0","__proto__":{"a":"b"}}],"constructor":[]}',
    ),
    'a field in another case': between('{"Name":"a","VERSION":"1.1.0","digest":"d"}'),
    'a field in another case and in the right case': between('{"name":"a","Version":"1.2.0","version":"1.1.0"}'),
    'a field with a non-ASCII letter whose lower case is ASCII': between(
      '{"name":"a","version":"1.1.0","\u212aeywords":["x"]}',
    ),
    'null fields': between('{"name":"a","version":"1.1.0","urls":null,"extra":null}'),
    'a version that is null': between('{"name":"a","version":null}'),
    'many items without fields': index(`{"a":[${Array(500).fill('{}').join()}]}`),
    'many numbers that become longer when they are written again': index(
      `{"a":[${Array(500).fill('{"x":[1e20,1e20,1e20]}').join()}]}`,
    ),
    'a key that occurs twice, far apart': between(
      `{"name":"a","version":"1.1.0",${Array.from({ length: 80 }, (_, i) => `"k${String(i)}":"x"`).join()},"k79":"y"}`,
    ),
    'a key that occurs twice in a nested object': between(
      '{"name":"a","version":"1.1.0","annotations":{"a":"1","b":"2","a":"3"}}',
    ),
    'numeric keys in a nested object': between('{"name":"a","version":"1.1.0","annotations":{"b":"","10":"","9":""}}'),
    'values that differ from the value before in an escape at the end': index(
      `{"a":[${['\\u003c', '\\u003e', '\\u003c\\"', '\\\\', '\\\\\\"', '', 'é', 'è', '\\n'].map((home) => `{"name":"a","version":"1","home":"x${home}"}`).join()}]}`,
    ),
    'items with different fields': index(
      `{"a":[${['"home":"x"', '"home":"x","icon":""', '"urls":["x"]', '"urls":["x","y"]', '"urls":[]', '"home":"x"', '"home":"],"', '"deprecated":true', '"deprecated":false'].map((more) => `{"name":"a","version":"1",${more}}`).join()}]}`,
    ),
    'an item that is a shorter form of the item before': index(
      '{"a":[{"name":"a","version":"1.0.0"},{"name":"a","version":"1.0"}],"b":[{"name":"a","version":"1.0.0"}]}',
    ),
  }
  for (const [what, text] of Object.entries(TAKEN)) {
    it(`is read without a full parse: ${what}`, () => {
      assertAlike(Buffer.from(text), 'relaid')
      for (const space of [1, 2, 4, '\t']) {
        const again = JSON.stringify(JSON.parse(text), null, space)
        assertAlike(Buffer.from(again), 'relaid')
        assertAlike(Buffer.from(again.replaceAll('\n', '\r\n')), 'relaid')
      }
    })
  }

  it('is accepted only when it is valid UTF-8', () => {
    const seconds = [0x00, 0x22, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff]
    for (let first = 0x7f; first < 0x100; first++) {
      for (const second of seconds) {
        for (const rest of [[], [0x80], [0xbf], [0xc0], [0x80, 0x80], [0xbf, 0xbf], [0x80, 0x7f], [0x80, 0xc0]]) {
          const character = Buffer.of(first, second, ...rest)
          const [start = '', end = ''] = between('{"name":"a","version":"1.0.0","home":"x|y"}').split('|')
          const bytes = Buffer.concat([Buffer.from(start), character, Buffer.from(end)])
          const isJson = isUtf8(bytes) && isTaken(() => JSON.parse(bytes.toString()))
          assert.equal(relayJson(bytes) !== undefined, isJson, character.toString('hex'))
        }
      }
    }
  })

  it('may be nested up to the limit and no deeper', () => {
    const nested = (levels: number): Buffer =>
      Buffer.from(between(`{"name":"a","version":"1","x":${'['.repeat(levels)}${']'.repeat(levels)}}`))
    // Four levels are around it: the index, its entries, the chart, the item.
    assertAlike(nested(MAX_JSON_DEPTH - 6), 'relaid')
    for (const levels of [MAX_JSON_DEPTH - 5, MAX_JSON_DEPTH - 4]) {
      const { path } = readIndexText(nested(levels))
      assertAlike(nested(levels), path)
    }
    assert.equal(relayJson(nested(MAX_JSON_DEPTH - 3)), undefined)
    assert.throws(
      () => readIndexText(nested(MAX_JSON_DEPTH - 3)),
      (error) => hasCode(error, 'invalid-index'),
    )
  })

  it('is read although Helm refuses a field of an entry, and fails only when that entry is asked for', () => {
    const text = between('{"name":"a","version":"1.1.0","created":"once"}')
    const found = readIndexText(Buffer.from(text))
    assert.equal(found.path, 'relaid')
    assert.throws(
      () => found.versions('a'),
      (error) => hasCode(error, 'invalid-index'),
    )
    assert.match(textOf(found), /^\{"name":"a","version":"1\.1\.0","created":"once"\},$/m)
  })
})

function isTaken(read: () => unknown): boolean {
  try {
    return read() !== undefined
  } catch {
    return false
  }
}
