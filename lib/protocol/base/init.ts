import type { FoldedDelta } from '../../core/log/bookkeeping.ts'
import type { DeltaId } from '../../core/log/delta-id.ts'
import type { Entry } from '../../core/log/entry.ts'
import { type IndexForm, type IndexText, emptyIndexText } from '../../core/index/index-text.ts'
import { foldedAt } from '../../core/plan-compaction.ts'
import { HelmS3Error, during, hasCode } from '../../errors.ts'
import type { PutCondition } from '../../store/object-store.ts'
import { attempts } from '../session/attempts.ts'
import { SWAP_RETRIES } from '../session/limits.ts'
import { listDeltas } from '../read/list-deltas.ts'
import { readDelta } from '../read/read-delta.ts'
import { readView } from '../read/read-view.ts'
import type { Session } from '../session/session.ts'
import { newWriteId } from '../write/write-id.ts'
import { nextGenerated, writeIndex } from '../write/write-index.ts'

export interface InitOptions {
  /** Undefined: the form that the repository asks for, else JSON. */
  readonly form: IndexForm | undefined
  /** Replaces an existing index by an empty one. */
  readonly force: boolean
  /**
   * Called just before the old index is replaced, with the number of entries that leave it; undefined: the old text
   * cannot be read.
   */
  readonly beforeReplacing?: (entries: number | undefined) => void
}

export interface InitResult {
  /** Entries that left the index; undefined when there was no index before, or none that could be read. */
  readonly dropped: number | undefined
  readonly form: IndexForm
}

/** What an `init --force` is about to replace. */
interface Predecessor {
  readonly when: Exclude<PutCondition, 'always'>
  readonly generation: number
  readonly generated: string | undefined
  readonly folded: ReadonlyMap<DeltaId, FoldedDelta>
  readonly entries: number | undefined
  /** The entries that pending deltas add. A client that empties the index at the same time may not have seen them. */
  readonly pending: readonly Entry[]
  /** The merged index; undefined when there is none, or none that can be read. */
  readonly index: IndexText | undefined
  /** See `Bookkeeping.emptiedBy`. */
  readonly emptiedBy: string | undefined
}

const NOTHING: Predecessor = {
  when: 'absent',
  generation: 0,
  generated: undefined,
  folded: new Map(),
  entries: undefined,
  pending: [],
  index: undefined,
  emptiedBy: undefined,
}
/** The Go plugin's words for this step. */
const STEP = 'upload index to s3: upload index to S3 bucket'

/**
 * Makes an empty repository. By force it empties an existing one: everything that was committed before leaves the
 * index, because the new base counts every delta that is present as folded. What is committed afterwards stays, and so
 * do the archives. The index is emptied only once: when the answer to the write is lost and others have written since,
 * the index still says who emptied it last.
 *
 * @throws HelmS3Error `already-exists` without force; `conflict`, `outcome-unknown`
 *
 * Cost: one PUT, and before it a HEAD and, at the same time, a GET of the repository's defaults (`force` keeps them);
 * by force a view instead of the HEAD.
 */
export async function initRepository(session: Session, options: InitOptions): Promise<InitResult> {
  const isThere = options.force ? undefined : hasIndex(session)
  const form = options.form ?? (await during(STEP, () => session.repositoryConfig())).format ?? 'json'
  // The store may ignore the condition of the PUT. This look still protects an existing index, except in a race.
  if ((await isThere) === true) throw alreadyExists(session)
  const emptiedBy = newWriteId(session)
  let first: Predecessor | undefined
  for await (const _ of attempts(session, SWAP_RETRIES)) {
    const before = options.force ? await readPredecessor(session) : NOTHING
    if (before === undefined) continue
    if (first !== undefined && isEmptied(first, before)) return { dropped: first.entries, form }
    first ??= before
    if (before.when !== 'absent') options.beforeReplacing?.(before.entries)
    const { folded, generation } = before
    const mark = options.force ? { emptiedBy } : {}
    const text = emptyIndexText(form).withHeader({
      bookkeeping: { generation: generation + 1, writeId: newWriteId(session), folded, ...mark },
      generated: nextGenerated(session, before.generated),
    })
    const write = await during(STEP, () => writeIndex(session, text, before.when))
    if (write === 'written') return { dropped: before.entries, form }
    if (!options.force) throw alreadyExists(session)
  }
  throw new HelmS3Error('conflict', 'other clients wrote index.yaml first each time', {
    hint: 'nothing was replaced; try again',
  })
}

/**
 * Whether the index was emptied since `first` was seen: by this call, or by another one at the same time, which then
 * counts as having come just after this one. It was not when an entry that was pending in `first` is still there
 * unchanged: the other call had not seen that entry.
 */
function isEmptied(first: Predecessor, now: Predecessor): boolean {
  const stands = (entry: Entry): boolean => {
    const present = now.index?.find(entry)
    return present !== undefined && present.digest === entry.digest && present.created === entry.created
  }
  return now.emptiedBy !== first.emptiedBy && !first.pending.some(stands)
}

/**
 * Whether there is an index. The promise may be left alone for a while: a rejection does not count as unhandled before
 * it is awaited. False when looking is not permitted.
 */
function hasIndex({ location, store }: Session): Promise<boolean> {
  const look = during(STEP, () => store.head(location.indexKey)).then(
    (head) => head !== undefined,
    (error: unknown) => {
      if (hasCode(error, 'denied')) return false
      throw error
    },
  )
  look.catch(() => undefined)
  return look
}

function alreadyExists({ location }: Session): HelmS3Error {
  return new HelmS3Error('already-exists', `there is a repository at ${location.url} already`, {
    hint: 'use --force to empty it, --ignore-if-exists to leave it as it is',
  })
}

/** Undefined when what was read does not fit together and has to be read again. */
async function readPredecessor(session: Session): Promise<Predecessor | undefined> {
  try {
    const { base, index, pending } = await readView(session)
    const { emptiedBy, folded, generation } = base.index.bookkeeping
    return {
      when: { match: base.etag },
      generation,
      generated: base.index.generated,
      folded: new Map([...folded, ...pending.map((delta) => [delta.id, foldedAt(base.date, delta)] as const)]),
      entries: index.countEntries(),
      pending: pending.flatMap(({ added }) => added.map(({ entry }) => entry)),
      index,
      emptiedBy,
    }
  } catch (error) {
    if (hasCode(error, 'missing-index')) return NOTHING
    if (hasCode(error, 'invalid-index')) return readUnreadable(session)
    throw error
  }
}

/**
 * Reads an `index.yaml` that is not an index. Its folded set is lost, so every delta that is present counts as folded.
 */
async function readUnreadable(session: Session): Promise<Predecessor | undefined> {
  const listing = await listDeltas(session)
  const head = await session.store.head(session.location.indexKey)
  if (head === undefined) return undefined
  const folded = new Map<DeltaId, FoldedDelta>()
  for (const listed of listing.deltas) {
    const read = await readDelta(session, listed)
    if (read.outcome === 'missing') return undefined
    if (read.outcome === 'delta') folded.set(listed.id, foldedAt(head.date, read.delta))
  }
  return { ...NOTHING, when: { match: head.etag }, folded }
}
