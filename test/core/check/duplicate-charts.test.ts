import assert from 'node:assert/strict'
import { duplicateCharts } from '../../../lib/core/check/duplicate-charts.ts'

describe('charts that occur twice in JSON text', () => {
  const texts: Readonly<Record<string, readonly [string, readonly string[]]>> = {
    none: ['{"entries":{"a":[],"b":[]}}', []],
    one: ['{"entries":{"a":[],"b":[],"a":[]}}', ['a']],
    'one three times': ['{"entries":{"a":[],"a":[],"a":[]}}', ['a']],
    'one with escapes in its name': ['{"entries":{"a\\"b":[],"\\u0061\\"b":[]}}', ['a"b']],
    'fields of entries, which do not count': [
      '{"entries":{"a":[{"name":"a","urls":["{"]},{"name":"a","x":{"a":1}}]}}',
      [],
    ],
    'charts whose names stand elsewhere, too': [
      '{"annotations":{"a":"[","a":":"},"entries":{"a":[]},"others":{"a":1,"a":2}}',
      [],
    ],
    'charts in an `entries` of another case': ['{"Entries":{"a":[],"a":[]}}', ['a']],
    'text over several lines': ['{\n "entries": {\n  "a": [ ],\n  "a" : [ ]\n }\n}', ['a']],
  }
  for (const [what, [text, expected]] of Object.entries(texts)) {
    it(`finds ${what}`, () => {
      assert.deepEqual(duplicateCharts(text), expected)
    })
  }
})
