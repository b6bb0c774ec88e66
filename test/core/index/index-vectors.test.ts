import assert from 'node:assert/strict'
import { hasCode } from '../../../lib/errors.ts'
import { type IndexText, readIndexText } from '../../../lib/core/index/index-text.ts'
import { type IndexVector, asHelmShows, readVectors } from './helm-vectors.ts'

/** Texts for which the full parse differs from Helm's loader because of the parser that it uses. Nothing gets lost. */
const MORE_LENIENT = /^(a line with a tab|spaces and a tab)/
const STRICTER = /^a flow sequence over lines/
const LINE_FEED_TOO_MANY = 'entries at the end of a literal block, no line feed'

const contentOf = (index: IndexText): Record<string, unknown> =>
  Object.fromEntries(index.chartNames().map((name) => [name, index.versions(name)]))

/** Versions in an order of their own. Helm's loader sorts versions, and the text need not be sorted. */
const sorted = (content: Readonly<Record<string, unknown>>): unknown =>
  Object.fromEntries(
    Object.entries(content)
      .map(([name, list]): [string, unknown[]] => [name, (list as unknown[]).map(asHelmShows)])
      .map(([name, list]) => [name, list.map((item) => JSON.stringify(item, sortedKeys)).sort()]),
  )

const sortedKeys = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value

describe('the text of an index, compared with the loader of Helm', () => {
  describe('for texts with an unusual layout', () => {
    for (const { name, doc, error, entries = {} } of readVectors<IndexVector>('index-odd.json')) {
      if (MORE_LENIENT.test(name) || STRICTER.test(name) || name === LINE_FEED_TOO_MANY) continue
      const read = (): Record<string, unknown> => contentOf(readIndexText(Buffer.from(doc)))
      if (error === undefined) it(`loads ${name}`, () => assert.deepEqual(sorted(read()), sorted(entries)))
      else it(`refuses ${name}`, () => assert.throws(read, (thrown) => hasCode(thrown, 'invalid-index')))
    }
  })

  describe('for the rules of both forms', () => {
    /** Entries that Helm drops from its result. A text must not lose them. */
    const skippedByHelm = new Set(['json invalid version skipped', 'json invalid type'])
    /** A field that Helm does not know. A text must not lose it. */
    const unknownField = 'json unknown entry key'

    for (const { name, doc, error, entries = {} } of readVectors<IndexVector>('index.json')) {
      const read = (): Record<string, unknown> => contentOf(readIndexText(Buffer.from(doc)))
      if (error !== undefined)
        it(`refuses: ${name}`, () => assert.throws(read, (thrown) => hasCode(thrown, 'invalid-index')))
      else if (skippedByHelm.has(name)) {
        it(`keeps entries that Helm skips: ${name}`, () => {
          const kept = (read()['a'] as unknown[]).length
          assert.equal(kept, (entries['a'] ?? []).length + 1)
        })
      } else if (name === unknownField) {
        it(`keeps a field that Helm does not know: ${name}`, () =>
          assert.deepEqual(read(), { a: [{ ...asKnown(entries), size: 12 }] }))
      } else it(`loads: ${name}`, () => assert.deepEqual(sorted(read()), sorted(entries)))
    }
  })

  it('differs from Helm only for lines of blanks and for flow collections that are indented less than their parent', () => {
    const outcomes = readVectors<IndexVector>('index-odd.json')
      .filter(({ name }) => MORE_LENIENT.test(name) || STRICTER.test(name))
      .map(({ name, doc, error }) => {
        const helmLoads = error === undefined
        const weLoad = loads(doc)
        return { name, expected: MORE_LENIENT.test(name) ? weLoad || !helmLoads : !weLoad || helmLoads }
      })
    assert.ok(outcomes.length >= 6)
    for (const { name, expected } of outcomes) assert.ok(expected, name)
  })
})

function asKnown(entries: NonNullable<IndexVector['entries']>): Record<string, unknown> {
  const { created: _zero, ...known } = entries['a']?.[0] ?? {}
  return known
}

function loads(doc: string): boolean {
  try {
    contentOf(readIndexText(Buffer.from(doc)))
    return true
  } catch {
    return false
  }
}
