import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import type { IndexForm } from '../../../lib/core/index/index-text.ts'
import { newestVersions } from '../../../lib/core/newest-versions.ts'
import { chooseEntry } from '../../../lib/protocol/archives/entry-archive.ts'
import { compactRepository } from '../../../lib/protocol/base/compact.ts'
import { compactInline } from '../../../lib/protocol/base/compact-inline.ts'
import { deleteVersions } from '../../../lib/protocol/remove/delete.ts'
import { findDeleted } from '../../../lib/protocol/remove/find-deleted.ts'
import { readView } from '../../../lib/protocol/read/read-view.ts'
import { pagingIn, versionsOf } from '../../support/paged-index.ts'
import { upload } from '../fixture.ts'
import { PagedRepository, WAYS, assertSound, contentOf, indexOf, textOf, withoutIds } from './fixture.ts'

const NAMES = ['a', 'a-b', 'a1b', 'a9', 'app', 'b', 'c', 'd', 'e', 'm', 'web', 'z']

/** What one client does, in a session of its own. */
type Step =
  | {
      readonly kind: 'push' | 'force' | 'late'
      readonly name: string
      readonly version: string
      readonly content: string
    }
  | { readonly kind: 'delete' | 'restore' | 'fetch'; readonly name: string; readonly version: string }
  | { readonly kind: 'list'; readonly name: string }
  | { readonly kind: 'compact' }

const COMPACTION = { graceWindow: undefined, dryRun: false, form: undefined }

/** What the client is told; errors by their code and text. */
async function outcomeOf(repository: PagedRepository, step: Step): Promise<unknown> {
  const session = repository.session()
  const fold = async (committed: Parameters<typeof compactInline>[1] | undefined): Promise<unknown> =>
    committed === undefined ? 'nothing' : compactInline(session, committed)
  try {
    switch (step.kind) {
      case 'push':
      case 'force':
      case 'late': {
        const charts = [upload(step.name, step.version, step.content)]
        const { committed, existing } = await repository.push(charts, { force: step.kind === 'force' }, session)
        return [existing, step.kind === 'late' ? 'pending' : await fold(committed)]
      }
      case 'delete': {
        const { committed, keptArchives } = await deleteVersions(session, [step])
        return [keptArchives, await fold(committed.at(-1))]
      }
      case 'restore': {
        const found = await findDeleted(session, [step])
        const { committed, existing } = await repository.push(
          found.map((each) => each.upload),
          {},
          session,
        )
        return [existing, await fold(committed)]
      }
      case 'fetch':
        return chooseEntry((await readView(session, { wanted: { charts: [step.name] } })).index, {
          name: step.name,
          version: `>=${step.version}`,
          devel: false,
        })
      case 'list': {
        const { index } = await readView(session, { wanted: { charts: [step.name] } })
        return newestVersions(index, { name: step.name, all: true, devel: true, constraint: undefined })
      }
      case 'compact': {
        const { folded, written } = await compactRepository(session, COMPACTION)
        return [folded.length, written]
      }
    }
  } catch (error) {
    return String(error).replaceAll(/[0-7][0-9A-HJKMNP-TV-Z]{25}/g, 'ULID')
  }
}

/** What a run came to, to see that it tried what it is meant to try. */
interface Seen {
  composed: number
  partial: number
}

/**
 * Runs the same steps on the same text in all ways, and compares what each client is told and what each writes.
 * @param isExact whether the texts are the same byte for byte; else their charts are
 */
async function compareWays(
  text: Buffer,
  steps: readonly Step[],
  { isExact, write }: { readonly isExact: boolean; readonly write: string | undefined },
  seen: Seen,
): Promise<void> {
  const repositories = await Promise.all(WAYS.map((way) => PagedRepository.with(way, text, write)))
  for (const step of steps) {
    const now = Math.max(...repositories.map((repository) => repository.now)) + 200_000
    const results = []
    for (const repository of repositories) {
      repository.pass(now - repository.now)
      const outcome = await outcomeOf(repository, step)
      const after = await repository.text()
      if (isExact) assertSound(after)
      results.push({ outcome, text: isExact ? withoutIds(after) : '', content: contentOf(after) })
    }
    const [paged, ...others] = results
    for (const other of others) assert.deepEqual(other, paged, JSON.stringify(step))
  }
  const [paged] = repositories
  const composed = repositories.flatMap(({ details }) => details).filter((line) => /composed .*: written$/.test(line))
  seen.composed += composed.length
  seen.partial += paged?.details.filter((line) => / of its \d+ pages$/.test(line)).length ?? 0
}

const name = fc.constantFrom(...NAMES)
const version = fc.constantFrom('1.0.0', '2.0.0', '3.0.0', '4.0.0')
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('push', 'force', 'late'),
      name,
      version,
      content: fc.constantFrom('a', 'b'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('delete', 'restore', 'fetch'), name, version }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('list'), name }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'compact' }) },
)
const steps = fc.array(step, { minLength: 3, maxLength: 7 })
const charts = fc
  .uniqueArray(
    fc.tuple(
      name,
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom('', 'x'.repeat(300), 'y'.repeat(3000), 'é "%" \u2028'),
    ),
    { minLength: 0, maxLength: NAMES.length, selector: ([chart]) => chart },
  )
  .map((list) => new Map(list.map(([chart, count, note]) => [chart, versionsOf(chart, count, note)])))

for (const form of ['json', 'yaml'] satisfies IndexForm[]) {
  describe(`an index in the ${form} form, read in pages or as a whole, composed or sent`, () => {
    const many = new Map(NAMES.map((chart) => [chart, versionsOf(chart, 3, 'n'.repeat(400))]))
    const ours = textOf(indexOf(form, many))

    it('gives the same results and the same bytes, whatever its charts are and whatever is done', async function () {
      this.timeout(120_000)
      const seen = { composed: 0, partial: 0 }
      await fc.assert(
        fc.asyncProperty(charts, steps, (some, todo) =>
          compareWays(textOf(indexOf(form, some)), todo, { isExact: true, write: 'start' }, seen),
        ),
        { numRuns: 40 },
      )
      assert.ok(seen.composed > 10 && seen.partial > 10, JSON.stringify(seen))
    })

    const foreign: Readonly<Record<string, () => Buffer>> = {
      'the same bytes without metadata': () => ours,
      'other line breaks': () => Buffer.from(ours.toString().replaceAll('\n', '\r\n')),
      'a byte order mark': () => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), ours]),
      'no line feed at the end': () => ours.subarray(0, -1),
      'an edit that keeps the length': () => Buffer.from(ours.toString().replace('nnnn', 'oooo')),
      'an edit that does not': () => Buffer.from(ours.toString().replace('nnnn', '')),
      'charts in another order': () => Buffer.from(reversed(ours).toString()),
      'a line break within a text': () => Buffer.from(ours.toString().replace('nnnn', 'n\u2028n')),
    }
    for (const [what, make] of Object.entries(foreign)) {
      it(`gives the same when another client wrote it and kept the annotations: ${what}`, async function () {
        this.timeout(60_000)
        await fc.assert(
          fc.asyncProperty(steps, (todo) =>
            compareWays(make(), todo, { isExact: true, write: undefined }, { composed: 0, partial: 0 }),
          ),
          { numRuns: 6 },
        )
      })
    }

    it('gives the same results when its table was torn, whatever the metadata say', async function () {
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
        { numRuns: 40 },
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

describe('an index of the real world, read in pages or as a whole', () => {
  for (const file of ['helm-repo-index.json', 'helm-repo-index.yaml']) {
    it(`gives the same results and the same bytes: ${file}`, async function () {
      this.timeout(60_000)
      const text = readFileSync(fileURLToPath(new URL(`../../../fixtures/indexes/${file}`, import.meta.url)))
      await fc.assert(
        fc.asyncProperty(steps, (todo) =>
          compareWays(text, todo, { isExact: true, write: undefined }, { composed: 0, partial: 0 }),
        ),
        { numRuns: 6 },
      )
    })
  }
})
