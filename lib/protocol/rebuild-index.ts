import { fold } from '../core/fold.ts'
import { type IndexText, emptyIndexText, readIndexText } from '../core/index/index-text.ts'
import { HelmS3Error, hasCode } from '../errors.ts'
import { listDeltas } from './list-deltas.ts'
import { readDelta } from './read-delta.ts'
import { readView } from './read-view.ts'
import type { Session } from './session.ts'
import { newWriteId, nextGenerated, writeIndex } from './write-index.ts'

const MAX_ATTEMPTS = 8

/** The index that a reindex begins with. */
export interface Beginning {
  readonly index: IndexText
  /** Whether `index.yaml` is missing or unreadable: `index` is what it is going to be when an empty one stands in its place. */
  readonly mustBeRebuilt: boolean
}

/**
 * The merged index; where `index.yaml` is missing or unreadable, and may be replaced, what all deltas that are present make
 * of an empty one. Nothing is written.
 *
 * @param may whether a missing, and whether an unreadable one may be replaced
 * @throws HelmS3Error `missing-index` and `invalid-index` otherwise
 * Cost: a view; to replace one, also a LIST and a GET of each delta present.
 */
export async function readBeginning(session: Session, may: { readonly replaceMissing: () => Promise<boolean>; readonly replaceUnreadable: boolean }): Promise<Beginning> {
  try {
    const { base, index } = await readView(session)
    readEntries(base.index)
    readEntries(index)
    return { index, mustBeRebuilt: false }
  } catch (error) {
    const isAllowed = hasCode(error, 'missing-index') ? await may.replaceMissing() : hasCode(error, 'invalid-index') && may.replaceUnreadable
    if (!isAllowed) throw error
    return { index: await foldAll(session), mustBeRebuilt: true }
  }
}

/**
 * Puts an empty index in the place of a missing or unreadable one, by compare-and-swap, with an empty folded set: every delta
 * that is present folds again. An index that can be read, by now, stays.
 *
 * @returns whether it was this call that wrote it
 * @throws HelmS3Error `conflict` when others write something unreadable each time
 * Cost: one GET and one PUT of `index.yaml`.
 */
export async function rebuildIndex(session: Session): Promise<boolean> {
  const form = (await session.repositoryConfig()).format ?? 'json'
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const object = await session.store.get(session.location.indexKey)
    if (object !== undefined && isReadable(object.body)) return false
    const text = emptyIndexText(form).withHeader({
      bookkeeping: { generation: 1, writeId: newWriteId(session), folded: new Map() },
      generated: nextGenerated(session, undefined),
    })
    if ((await writeIndex(session, text, object === undefined ? 'absent' : { match: object.etag })) === 'written') return true
    await session.clock.sleep(session.random.fraction() * 200 * attempt)
  }
  throw new HelmS3Error('conflict', 'others wrote an unreadable index.yaml each time', { hint: 'find out who writes it, and try again' })
}

async function foldAll(session: Session): Promise<IndexText> {
  const { deltas } = await listDeltas(session)
  const read = await Promise.all(deltas.map((listed) => readDelta(session, listed)))
  return fold(emptyIndexText('json'), read.flatMap((each) => (each.outcome === 'delta' ? [each.delta] : [])))
}

function isReadable(bytes: Uint8Array): boolean {
  try {
    readEntries(readIndexText(bytes))
    return true
  } catch (error) {
    if (hasCode(error, 'invalid-index')) return false
    throw error
  }
}

/** Charts are read when they are asked for; a bad one makes the whole index unreadable. @throws HelmS3Error `invalid-index` */
function readEntries(index: IndexText): void {
  for (const chart of index.chartNames()) index.versions(chart)
}
