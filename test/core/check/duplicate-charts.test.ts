import assert from 'node:assert/strict'
import { duplicateCharts } from '../../../lib/core/check/duplicate-charts.ts'

describe('charts that occur twice in JSON text', () => {
  const texts: Readonly<Record<string, readonly [string, readonly string[]]>> = {
    'no chart in an index without duplicates': ['{"entries":{"a":[],"b":[]}}', []],
    'a chart that occurs twice': ['{"entries":{"a":[],"b":[],"a":[]}}', ['a']],
    'a chart that occurs three times, once': ['{"entries":{"a":[],"a":[],"a":[]}}', ['a']],
    'a chart with escapes in its name': ['{"entries":{"a\\"b":[],"\\u0061\\"b":[]}}', ['a"b']],
    'no fields of entries': ['{"entries":{"a":[{"name":"a","urls":["{"]},{"name":"a","x":{"a":1}}]}}', []],
    'no names that occur twice outside the entries': [
      '{"annotations":{"a":"[","a":":"},"entries":{"a":[]},"others":{"a":1,"a":2}}',
      [],
    ],
    'charts in an `entries` of another case': ['{"Entries":{"a":[],"a":[]}}', ['a']],
    'charts in text over several lines': ['{\n "entries": {\n  "a": [ ],\n  "a" : [ ]\n }\n}', ['a']],
  }
  for (const [what, [text, expected]] of Object.entries(texts)) {
    it(`finds ${what}`, () => {
      assert.deepEqual(duplicateCharts(text), expected)
    })
  }
})
