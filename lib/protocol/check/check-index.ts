import { checkBase, isUnnamed, skippedBecause } from '../../core/check/check-base.ts'
import { checkDeltas, versionsAtWork } from '../../core/check/check-deltas.ts'
import { type Finding, finding } from '../../core/check/finding.ts'
import { type Entry, underName } from '../../core/log/entry.ts'
import { nameProblem } from '../../core/helm/entry-shape.ts'
import { type IndexText, readIndexText } from '../../core/index/index-text.ts'
import { type Key, archiveKey } from '../../core/keys.ts'
import { allEntries } from '../../core/plan-orphans.ts'
import { type HelmS3Error, hasCode } from '../../errors.ts'
import { askAgain } from '../read/ask-again.ts'
import { findGhosts } from './ghost-deltas.ts'
import { type ListedDelta, listDeltas } from '../read/list-deltas.ts'
import { hasRemains, readBase } from '../read/read-base.ts'
import { type View, readView } from '../read/read-view.ts'
import type { Session } from '../session/session.ts'

/** What a check has learnt from `index.yaml` and `index.d/`. */
export interface CheckedIndex {
  readonly findings: readonly Finding[]
  /**
   * The entries of the merged index, without those that Helm skips; undefined when there is no index that Helm accepts.
   */
  readonly entries: readonly Entry[] | undefined
  /** The same entries together with those that Helm skips. */
  readonly all: readonly Entry[]
  /** See `SeenRepository.busy`. */
  readonly busy: ReadonlySet<Key>
  readonly counts: { readonly charts: number; readonly deltas: number; readonly pending: number }
  readonly generation: number | undefined
  /** What these credentials may not do. */
  readonly denied: { readonly list: boolean; readonly deltas: boolean }
}

const NOTHING: CheckedIndex = {
  findings: [],
  entries: undefined,
  all: [],
  busy: new Set(),
  counts: { charts: 0, deltas: 0, pending: 0 },
  generation: undefined,
  denied: { list: false, deltas: false },
}

/**
 * Checks `index.yaml` as it is, and as it is after merging the pending deltas. Without permission to list, or to read
 * deltas, only the plain `index.yaml` is checked.
 * @throws HelmS3Error `missing-index` when there is no trace of a repository; `denied` when `index.yaml` itself may not
 *   be read
 *
 * Cost: a view. What is refused is asked for three times; see {@link askAgain}.
 */
export async function checkIndex(session: Session): Promise<CheckedIndex> {
  try {
    return checkView(session, await askAgain(session, () => readView(session)))
  } catch (error) {
    if (hasCode(error, 'denied')) return checkPlain(session)
    if (hasCode(error, 'conflict')) return checkGhosts(session, error)
    if (hasCode(error, 'invalid-index'))
      return { ...NOTHING, findings: [finding('index-unreadable', error.message, { key: session.location.indexKey })] }
    if (hasCode(error, 'missing-index') && (await hasRemains(session))) {
      return {
        ...NOTHING,
        findings: [
          finding('index-missing', `there are archives or deltas, and no ${session.location.indexKey}`, {
            key: session.location.indexKey,
          }),
        ],
      }
    }
    throw error
  }
}

/**
 * The entries of a view that Helm does not skip, and those that it skips only because they lack the name of their
 * chart, under that name. Undefined when Helm refuses the index.
 */
function entriesOf(index: IndexText): readonly Entry[] | undefined {
  try {
    return index.chartNames().flatMap((name) =>
      index.versions(name).flatMap((entry) => {
        if (isUnnamed(name, entry)) return [underName(name, entry)]
        return skippedBecause(entry) === undefined
          ? [nameProblem(name) === undefined ? underName(name, entry) : entry]
          : []
      }),
    )
  } catch (error) {
    if (hasCode(error, 'invalid-index')) return undefined
    throw error
  }
}

/**
 * `entries`: see {@link entriesOf}. `all`: the same together with the entries that Helm skips; none when Helm refuses
 * the index.
 */
export function bothEntriesOf(index: IndexText): Pick<CheckedIndex, 'all' | 'entries'> {
  const entries = entriesOf(index)
  return { entries, all: entries === undefined ? [] : allEntries(index) }
}

function checkView(session: Session, view: View): CheckedIndex {
  const { base, index, listing, pending, skipped, unknownFrom } = view
  const { bookkeeping } = base.index
  const deltas = checkDeltas({ listed: listing.deltas, pending, skipped, unknownFrom, bookkeeping, date: base.date })
  const checked = checkBaseOf(base, pending.length === 0 ? undefined : index)
  return {
    ...checked,
    findings: [
      ...checked.findings,
      ...deltas,
      ...(listing.isConfigTooLarge
        ? [finding('config-too-large', 'it is not read', { key: session.location.configKey })]
        : []),
    ],
    busy: new Set(
      versionsAtWork(pending, bookkeeping, base.date).map((version) => archiveKey(session.location, version)),
    ),
    counts: { charts: index.chartNames().length, deltas: listing.deltas.length, pending: pending.length },
    denied: NOTHING.denied,
  }
}

/**
 * Reports the deltas that the store lists and does not give.
 * @throws `error` when there are none: then the view could not be read for another reason
 */
async function checkGhosts(session: Session, error: HelmS3Error): Promise<CheckedIndex> {
  const ghosts = await findGhosts(session)
  if (ghosts.length === 0) throw error
  const unreadable = ({ key, lastModified }: ListedDelta): Finding =>
    finding('delta-unreadable', `listed with the date ${new Date(lastModified).toISOString()}`, { key })
  return { ...NOTHING, findings: ghosts.map(unreadable) }
}

async function checkPlain(session: Session): Promise<CheckedIndex> {
  const base = await readBase(session)
  const denied = await whatIsDenied(session)
  return {
    ...NOTHING,
    ...checkBaseOf(base, undefined),
    counts: { charts: base.index.chartNames().length, deltas: 0, pending: 0 },
    denied,
  }
}

/**
 * Checks a base. `merged` is undefined when nothing is pending. The bytes are read into a new text, in which no chart
 * has been looked at yet; each chart is decoded once.
 */
function checkBaseOf(
  { bytes, index }: Pick<View['base'], 'bytes' | 'index'>,
  merged: IndexText | undefined,
): Pick<CheckedIndex, 'all' | 'entries' | 'findings' | 'generation'> {
  if (bytes === undefined) throw new Error('a check needs all of index.yaml')
  const text = readIndexText(bytes)
  return {
    findings: checkBase(text, bytes),
    ...bothEntriesOf(merged ?? text),
    generation: index.bookkeeping.generation,
  }
}

/** What the refusal of a view was about: reading the deltas when listing is permitted, else listing. */
async function whatIsDenied(session: Session): Promise<CheckedIndex['denied']> {
  try {
    await askAgain(session, () => listDeltas(session))
    return { list: false, deltas: true }
  } catch (error) {
    if (hasCode(error, 'denied')) return { list: true, deltas: false }
    throw error
  }
}
