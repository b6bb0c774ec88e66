import assert from 'node:assert/strict'
import fc from 'fast-check'
import { NO_BOOKKEEPING } from '../../../lib/core/log/bookkeeping.ts'
import type { Entry } from '../../../lib/core/log/entry.ts'
import type { ParsedText } from '../../../lib/core/index/index-form.ts'
import { type IndexForm, type IndexText, emptyIndexText, readIndexText } from '../../../lib/core/index/index-text.ts'
import { parseJson } from '../../../lib/core/index/json-form.ts'
import { parseYaml } from '../../../lib/core/index/yaml-form.ts'
import { anyCharacter } from '../../support/any-character.ts'
import { budget } from '../../support/budget.ts'

/** Strings that YAML 1.1 takes for another type, or that look like the layout around them. */
const TRAPS = [
  '1.10',
  'yes',
  'null',
  '~',
  '',
  '1e3',
  '0x1f',
  '2024-01-01',
  '12:30',
  '.inf',
  '-',
  '- x',
  'a: b',
  'a #b',
  '#c',
  '"q"',
  "it's",
  '{a}',
  '[a]',
  '*x',
  '&y',
  '!t',
  '|',
  '>',
  '%',
  '@',
  '---',
  '...',
  '? a',
  '<<',
  'a:',
  '\\b',
  ' x ',
  'tab\there',
  'é😀',
  '\u2028x',
  '\x7f\x85',
  'two\nlines\n',
  'two\n\nlines',
  'kept\n\n',
  '\nlead',
  'cr\r\nlf',
  'space \nbreak',
  '  alpine:\n  - name: alpine\n',
  '],\n"b":[\n{}\n]',
  '}}\n',
]
const text = fc.oneof(
  fc.constantFrom(...TRAPS),
  fc.string({ unit: anyCharacter, maxLength: 6 }),
  fc.string({ maxLength: 20 }),
)
const name = fc.constantFrom('alpine', 'nginx', 'a.b-c', '3scale', 'true', '1e3', 'é', 'x y', 'zz')

const entry = (chart: string): fc.Arbitrary<Entry> =>
  fc
    .record(
      {
        version: fc.constantFrom('1.0.0', '1.10', '0.1.0-rc.1', 'v2'),
        description: text,
        appVersion: text,
        keywords: fc.array(text, { maxLength: 3 }),
        annotations: fc.dictionary(text, text, { maxKeys: 2 }),
        maintainers: fc.array(fc.record({ name: text, email: text }), { maxLength: 2 }),
        dependencies: fc.array(
          fc.record({ name: text, repository: text, 'import-values': fc.array(text, { maxLength: 2 }) }),
          { maxLength: 1 },
        ),
        deprecated: fc.boolean(),
        created: fc.constant('2024-01-01T00:00:00.5+02:00'),
      },
      { requiredKeys: ['version'] },
    )
    .map((fields) => wellFormed({ name: chart, ...fields }))

/** Lone surrogates are not valid text, and do not survive; everything else does. */
const wellFormed = <T>(value: T): T => JSON.parse(Buffer.from(jsonOf(value)).toString('utf8')) as T
const jsonOf = (value: unknown): string => JSON.stringify(value).replaceAll(/\\ud[89a-f][0-9a-f]{2}/g, '\ufffd')

const charts = (max: number): fc.Arbitrary<Map<string, Entry[]>> =>
  fc
    .uniqueArray(name, { maxLength: max })
    .chain((names) =>
      fc.tuple(
        ...names.map((each) => fc.tuple(fc.constant(each), fc.array(entry(each), { minLength: 1, maxLength: 4 }))),
      ),
    )
    .map((lists) => new Map(lists))

const form = fc.constantFrom<IndexForm>('json', 'yaml')

/** Changes that people and tools make to a text without changing its content. */
const HARMLESS: Readonly<Record<string, (yaml: string) => string>> = {
  nothing: (yaml) => yaml,
  'CRLF line ends': (yaml) => yaml.replaceAll('\n', '\r\n'),
  'a byte order mark': (yaml) => `\ufeff${yaml}`,
  'a document start': (yaml) => `# generated\n---\n${yaml}`,
  'comments between charts': (yaml) => yaml.replaceAll(/^ {2}(?=[a-z"])/gm, '  # next\n\n  '),
  'an anchor': (yaml) => yaml.replace(/^apiVersion: v1$/m, 'apiVersion: &v v1'),
  'no line feed at the end': (yaml) => `${yaml.trimEnd()}\ngenerated: 2024-01-01T00:00:00Z`,
}

describe('the text of an index, read as slices or in full', () => {
  const parsed = (bytes: Uint8Array): ParsedText => {
    const json = bytes[0] === 0x7b ? parseJson(bytes) : undefined
    return json ?? parseYaml(bytes)
  }
  const content = (index: IndexText): unknown => index.chartNames().map((each) => [each, index.versions(each)])
  const inFull = (bytes: Uint8Array): unknown => [...parsed(bytes).charts].map(([each, list]) => [each, list])
  const byName = (lists: unknown): unknown => Object.fromEntries(lists as [string, unknown][])

  it('has the same content after random changes', () => {
    fc.assert(
      fc.property(form, charts(6), charts(3), fc.array(name, { maxLength: 2 }), (wanted, base, changed, removed) => {
        const before = readIndexText(emptyIndexText(wanted).withCharts(base).toBytes())
        assert.equal(before.path, 'slices')
        const changes = new Map<string, readonly Entry[]>(removed.map((each) => [each, []]))
        for (const [each, added] of changed) changes.set(each, [...added, ...before.versions(each)])
        const bytes = before.withCharts(changes).toBytes()
        const after = readIndexText(bytes)
        assert.equal(after.path, 'slices')
        assert.deepEqual(byName(content(after)), byName(inFull(bytes)))
        const expected = new Map<string, readonly Entry[]>([...base, ...changes])
        for (const [each, list] of changed) expected.set(each, [...list, ...(base.get(each) ?? [])])
        assert.deepEqual(byName(content(after)), byName([...expected].filter(([, list]) => list.length > 0)))
      }),
      { numRuns: budget(150) },
    )
  })

  it('keeps the bytes of unchanged charts', () => {
    fc.assert(
      fc.property(form, charts(6), name, (wanted, base, each) => {
        const before = readIndexText(emptyIndexText(wanted).withCharts(base).toBytes())
        const after = before.withCharts(new Map([[each, [{ name: each, version: '9.9.9' }]]]))
        const rest = new Map([...base].filter(([chart]) => chart !== each))
        const expected = emptyIndexText(wanted)
          .withCharts(rest)
          .withCharts(new Map([[each, [{ name: each, version: '9.9.9' }]]]))
        assert.equal(Buffer.from(after.toBytes()).toString(), Buffer.from(expected.toBytes()).toString())
      }),
      { numRuns: budget(150) },
    )
  })

  it('keeps every entry in the other form', () => {
    fc.assert(
      fc.property(form, charts(4), (wanted, base) => {
        const index = emptyIndexText(wanted).withCharts(base)
        const other = readIndexText(index.toForm(wanted === 'json' ? 'yaml' : 'json').toBytes())
        assert.equal(other.path, 'slices')
        assert.deepEqual(byName(content(other)), byName([...base]))
      }),
      { numRuns: budget(100) },
    )
  })

  for (const [what, disturb] of Object.entries(HARMLESS)) {
    it(`has the same content, with and without changes, with ${what}`, () => {
      fc.assert(
        fc.property(charts(4), (base) => {
          fc.pre(![...base.values()].some((list) => /\\n {2}|\\r|[\u2028\u2029]/.test(JSON.stringify(list))))
          const yaml = Buffer.from(emptyIndexText('yaml').withCharts(base).toBytes()).toString('utf8')
          const bytes = Buffer.from(disturb(yaml))
          const index = readIndexText(bytes)
          assert.deepEqual(byName(content(index)), byName([...base]))
          assert.deepEqual(byName(inFull(bytes)), byName([...base]))
          const added: Entry = { name: 'alpine', version: '9.9.9' }
          const changed = index.withCharts(new Map([['alpine', [added, ...index.versions('alpine')]]]))
          const again = readIndexText(
            changed.withHeader({ bookkeeping: NO_BOOKKEEPING, generated: undefined }).toBytes(),
          )
          assert.deepEqual(
            byName(content(again)),
            byName([...base, ['alpine', [added, ...(base.get('alpine') ?? [])]]]),
          )
        }),
        { numRuns: budget(40) },
      )
    })
  }
})
