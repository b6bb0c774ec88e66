import assert from 'node:assert/strict'
import type { StoredDelta } from '../../../lib/core/log/delta.ts'
import { fold } from '../../../lib/core/fold.ts'
import { newItem } from '../../../lib/core/index/index-item.ts'
import { type IndexText, type ReadPath, indexOfParts, readIndexText } from '../../../lib/core/index/index-text.ts'
import { parseJson } from '../../../lib/core/index/json-form.ts'
import { delta, entry, removal } from '../../support/builders.ts'

/** What a full parse makes of a JSON text; undefined when it is none. */
export function inFull(bytes: Uint8Array): IndexText | undefined {
  const parsed = parseJson(bytes)
  return parsed && indexOfParts('json', parsed.header, new Map([...parsed.charts].map(([k, v]) => [k, v.map(newItem)])))
}

export const textOf = (index: IndexText): string => Buffer.from(index.toBytes()).toString()
const contentOf = (index: IndexText): unknown => index.chartNames().map((name) => [name, index.versions(name)])
const DELTAS: readonly StoredDelta[] = [
  delta(1, { remove: [removal('a', '1.0.0'), removal('b', '2.0.0', 'x')] }),
  delta(2, { add: [entry('a', '1.5.0', 'new'), entry('new', '1.0.0')], addIfAbsent: [entry('b', '1.0.0', 'again')] }),
]

/** Holds a text that is read without a full parse to what the full parse leads to, changed or not. */
export function assertAlike(bytes: Uint8Array, path: ReadPath): void {
  const found = readIndexText(bytes)
  assert.equal(found.path, path)
  const expected = inFull(bytes) ?? assert.fail('no JSON')
  assert.equal(textOf(found), textOf(expected))
  assert.deepEqual(contentOf(found), contentOf(expected))
  assert.equal(found.countEntries(), expected.countEntries())
  assert.equal(textOf(fold(readIndexText(bytes), DELTAS)), textOf(fold(expected, DELTAS)))
  assert.equal(readIndexText(found.toBytes()).path, 'slices')
}
