import assert from 'node:assert/strict'
import fc from 'fast-check'
import { newestVersions } from '../../../lib/core/newest-versions.ts'
import { chooseEntry } from '../../../lib/protocol/archives/entry-archive.ts'
import { compactRepository } from '../../../lib/protocol/base/compact.ts'
import { compactInline } from '../../../lib/protocol/base/compact-inline.ts'
import { deleteVersions } from '../../../lib/protocol/remove/delete.ts'
import { findDeleted } from '../../../lib/protocol/remove/find-deleted.ts'
import { readView } from '../../../lib/protocol/read/read-view.ts'
import { versionsOf } from '../../support/paged-index.ts'
import { upload } from '../fixture.ts'
import { PagedRepository, WAYS, assertSound, contentOf, withoutIds } from './fixture.ts'

/** The charts of the indexes: some whose names begin alike, or stand elsewhere in the order of Helm. */
export const NAMES = ['a', 'a-b', 'a1b', 'a9', 'app', 'b', 'c', 'd', 'e', 'm', 'web', 'z']

/** What one client does, in a session of its own. */
export type Step =
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
export interface Seen {
  composed: number
  partial: number
}

/**
 * Runs the same steps on the same text in all ways, and compares what each client is told and what each writes.
 * @param isExact whether the texts are the same byte for byte; else their charts are
 */
export async function compareWays(
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
/** Some steps, one after the other. */
export const steps = fc.array(step, { minLength: 3, maxLength: 7 })
/** The charts of an index with their entries. */
export const charts = fc
  .uniqueArray(
    fc.tuple(
      name,
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom('', 'x'.repeat(300), 'y'.repeat(3000), 'é "%" \u2028'),
    ),
    { minLength: 0, maxLength: NAMES.length, selector: ([chart]) => chart },
  )
  .map((list) => new Map(list.map(([chart, count, note]) => [chart, versionsOf(chart, count, note)])))
