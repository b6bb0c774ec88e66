import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { IndexForm } from '../../../lib/core/index/index-text.ts'
import { type IndexPage, type PageTable, decodePageTable, encodePageTable } from '../../../lib/core/index/page-table.ts'
import { pagingIn, versionsOf } from '../../support/paged-index.ts'
import { indexOf, textOf } from './fixture.ts'
import { NAMES, compareWays, steps } from './steps.ts'
import { budget } from '../../support/budget.ts'

/** `gap`: bytes between two pages. */
type Lie = (pages: readonly IndexPage[], gap: number) => readonly IndexPage[]

const digest = '-'.repeat(22)
const each =
  (change: (page: IndexPage, place: number) => Partial<IndexPage>): Lie =>
  (pages) =>
    pages.map((page, place) => ({ ...page, ...change(page, place) }))
const at = (wanted: number, change: (page: IndexPage) => Partial<IndexPage>): Lie =>
  each((page, place) => (place === wanted ? change(page) : {}))

/** Lies that cost time alone, whoever tells them. */
const HARMLESS: Readonly<Record<string, Lie>> = {
  'wrong digests': each(() => ({ digest })),
  'the digests of other pages': (pages) => pages.map((page, i) => ({ ...page, digest: pages.at(i - 1)?.digest ?? '' })),
  'one wrong digest': at(2, () => ({ digest })),
  'wrong counts of charts': each(({ charts: count }) => ({ charts: count + 1 })),
  'wrong counts of entries': each(() => ({ entries: 999 })),
  'plain pages that are marked as not plain': each(() => ({ isPlain: false })),
  'a first page that begins before its first chart': at(0, () => ({ first: '' })),
  'a page that begins before its first chart': at(2, ({ first }) => ({ first: first.slice(0, -1) + '!' })),
  'pages that overlap': (pages) =>
    pages.map((page, i) => ({ ...page, length: page.length + (i === 1 ? 1 : i === 2 ? -1 : 0) })),
  'two pages that are joined into one': ([one, two, ...others], gap) =>
    one === undefined || two === undefined
      ? []
      : [{ ...one, length: one.length + two.length + gap, charts: one.charts + two.charts }, ...others],
}

/** A lie that is believed of a page while it is not read. */
const BELIEVED: Readonly<Record<string, Lie>> = {
  'a page that begins after its first chart': at(2, ({ first }) => ({ first: `${first}~` })),
}

function telling(text: Buffer, lie: Lie): Buffer {
  const [table = ''] = /1,\d+;[^"\n]+/.exec(text.toString()) ?? []
  const { head, pages }: PageTable = decodePageTable(table) ?? assert.fail('it has no table')
  const changed =
    encodePageTable({ head, pages: lie(pages, text.at(0) === 0x7b ? 2 : 0) }) ?? assert.fail('it cannot be told')
  assert.notEqual(changed, table)
  return Buffer.from(text.toString().replace(table, changed))
}

for (const form of ['json', 'yaml'] satisfies IndexForm[]) {
  describe(`a wrong page table, in the ${form} form`, () => {
    const many = new Map(NAMES.map((chart) => [chart, versionsOf(chart, 3, 'n'.repeat(400))]))
    const truth = textOf(indexOf(form, many))

    const changesNoResult = (text: Buffer, write: string | undefined): Promise<void> =>
      fc.assert(
        fc.asyncProperty(steps, (todo) =>
          compareWays(text, todo, { isExact: write === undefined, write }, { composed: 0, partial: 0 }),
        ),
        { numRuns: budget(8) },
      )

    for (const [what, lie] of Object.entries(HARMLESS)) {
      it(`does not change any result in a text that this program wrote: ${what}`, async function () {
        this.timeout(60_000)
        const text = telling(truth, lie)
        assert.ok(pagingIn(text) !== undefined, 'it is not believed')
        await changesNoResult(text, 'start')
      })
    }

    for (const [what, lie] of Object.entries({ ...HARMLESS, ...BELIEVED })) {
      it(`does not change any result in a text that another client wrote: ${what}`, async function () {
        this.timeout(60_000)
        await changesNoResult(telling(truth, lie), undefined)
      })
    }
  })
}
