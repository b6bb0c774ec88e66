import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import type { IndexForm } from '../../../lib/core/index/index-text.ts'
import { pagingIn, versionsOf } from '../../support/paged-index.ts'
import { indexOf, textOf } from './fixture.ts'
import { NAMES, charts, compareWays, steps } from './steps.ts'
import { budget } from '../../support/budget.ts'

for (const form of ['json', 'yaml'] satisfies IndexForm[]) {
  describe(`an index in the ${form} form, read in pages or as a whole, composed or sent as a whole`, () => {
    const many = new Map(NAMES.map((chart) => [chart, versionsOf(chart, 3, 'n'.repeat(400))]))
    const ours = textOf(indexOf(form, many))

    it('gives the same results and the same bytes, for random charts and random commands', async function () {
      this.timeout(120_000)
      const seen = { composed: 0, partial: 0 }
      await fc.assert(
        fc.asyncProperty(charts, steps, (some, todo) =>
          compareWays(textOf(indexOf(form, some)), todo, { isExact: true, write: 'start' }, seen),
        ),
        { numRuns: budget(40) },
      )
      assert.ok(seen.composed > budget(10) && seen.partial > budget(10), JSON.stringify(seen))
    })

    const foreign: Readonly<Record<string, () => Buffer>> = {
      'the same bytes without metadata': () => ours,
      'other line breaks': () => Buffer.from(ours.toString().replaceAll('\n', '\r\n')),
      'a byte order mark': () => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), ours]),
      'no line feed at the end': () => ours.subarray(0, -1),
      'an edit that keeps the length': () => Buffer.from(ours.toString().replace('nnnn', 'oooo')),
      'an edit that changes the length': () => Buffer.from(ours.toString().replace('nnnn', '')),
      'charts in another order': () => Buffer.from(reversed(ours).toString()),
      'a line break within a text': () => Buffer.from(ours.toString().replace('nnnn', 'n\u2028n')),
    }
    for (const [what, make] of Object.entries(foreign)) {
      it(`gives the same results and the same bytes when another client has rewritten it: ${what}`, async function () {
        this.timeout(60_000)
        await fc.assert(
          fc.asyncProperty(steps, (todo) =>
            compareWays(make(), todo, { isExact: true, write: undefined }, { composed: 0, partial: 0 }),
          ),
          { numRuns: budget(6) },
        )
      })
    }

    it('gives the same results when one character of its page table is changed', async function () {
      this.timeout(60_000)
      const [table = ''] = /1,\d+;[^"\n]+/.exec(ours.toString()) ?? []
      const torn = fc
        .tuple(fc.nat(table.length - 1), fc.constantFrom(...'0129,;px%-~A'))
        .map(([at, character]) =>
          Buffer.from(ours.toString().replace(table, table.slice(0, at) + character + table.slice(at + 1))),
        )
      // First names and the mark of plain urls are believed: see the tests of lies.
      const isHarmless = (text: Buffer): boolean => {
        const [before, after] = [pagingIn(ours)?.table.pages ?? [], pagingIn(text)?.table.pages ?? []]
        return before.every(({ first, isPlain }, i) => after[i]?.first === first && after[i].isPlain === isPlain)
      }
      await fc.assert(
        fc.asyncProperty(torn, steps, async (text, todo) => {
          if (pagingIn(text) !== undefined && !isHarmless(text)) return
          await compareWays(text, todo, { isExact: false, write: 'start' }, { composed: 0, partial: 0 })
        }),
        { numRuns: budget(40) },
      )
    })
  })
}

/** The same text with its first two charts exchanged. */
function reversed(text: Buffer): Buffer {
  const paging = pagingIn(text) ?? assert.fail('it has no table')
  const [first, second] = paging.spans
  if (first === undefined || second === undefined) return assert.fail('it has one page')
  const piece = (from: number, to: number): Buffer => text.subarray(from, to)
  return Buffer.concat([
    piece(0, first.start),
    piece(second.start, second.end),
    piece(first.end, second.start),
    piece(first.start, first.end),
    piece(second.end, text.length),
  ])
}

describe('a real index, read in pages or as a whole', () => {
  for (const file of ['helm-repo-index.json', 'helm-repo-index.yaml']) {
    it(`gives the same results and the same bytes: ${file}`, async function () {
      this.timeout(60_000)
      const text = readFileSync(fileURLToPath(new URL(`../../../fixtures/indexes/${file}`, import.meta.url)))
      await fc.assert(
        fc.asyncProperty(steps, (todo) =>
          compareWays(text, todo, { isExact: true, write: undefined }, { composed: 0, partial: 0 }),
        ),
        { numRuns: budget(6) },
      )
    })
  }
})
