import { deltaSizeProblem } from '../../core/log/delta-text.ts'
import { type DeltaId, deltaIdOf, deltaTime } from '../../core/log/delta-id.ts'
import { type Key, isRebuildMark } from '../../core/keys.ts'
import { listAll } from '../../store/object-store.ts'
import { MAX_CONFIG, MAX_DELTA } from '../../text/size-limits.ts'
import { MAX_CLOCK_LEAD } from '../session/limits.ts'
import type { Session } from '../session/session.ts'

/** A delta as LIST shows it; its text has not been read. */
export interface ListedDelta {
  readonly id: DeltaId
  readonly key: Key
  /** Store clock, milliseconds since 1970. */
  readonly lastModified: number
}

/** An object below `index.d/` that is not well-formed: it has no effect and is never deleted. */
export interface SkippedObject {
  readonly key: Key
  readonly reason: string
}

/** The mark of a rebuild, which says that `index.yaml` is being rebuilt. */
export interface RebuildMark {
  readonly key: Key
  /** Store clock, milliseconds since 1970. */
  readonly lastModified: number
}

export interface DeltaListing {
  /** The deltas in id order. */
  readonly deltas: readonly ListedDelta[]
  readonly skipped: readonly SkippedObject[]
  readonly rebuilds: readonly RebuildMark[]
  /** Whether the defaults of the repository are larger than the limit up to which they are read. */
  readonly isConfigTooLarge: boolean
  /** The store's clock at the first page, milliseconds since 1970. */
  readonly date: number
}

/**
 * Lists the deltas in `index.d/`, over all pages, that are well-formed as far as name, date and size show. The defaults
 * of the repository and the marks of rebuilds are in the same folder and are left out. The key of the defaults comes
 * after those of all deltas, so the session learns when there are none. `after`: list only ids above this one.
 *
 * Cost: one LIST for each 1000 objects.
 */
export async function listDeltas(session: Session, after?: DeltaId): Promise<DeltaListing> {
  const { knownIds, location, store } = session
  const options = after === undefined ? {} : { startAfter: (location.deltaFolder + after + '.yaml') as Key }
  const { objects, date } = await listAll(store, location.deltaFolder, options)
  const deltas: ListedDelta[] = []
  const skipped: SkippedObject[] = []
  const rebuilds: RebuildMark[] = []
  const config = objects.find(({ key }) => key === location.configKey)
  if (config === undefined) session.noteNoConfig()
  for (const { key, lastModified, size } of objects) {
    if (key === location.configKey) continue
    if (isRebuildMark(location, key)) {
      rebuilds.push({ key, lastModified })
      continue
    }
    const id = deltaIdOf(location.deltaFolder, key)
    if (id === undefined) skipped.push({ key, reason: 'its name is not <ULID>.yaml' })
    else if (deltaTime(id) > lastModified + MAX_CLOCK_LEAD) skipped.push({ key, reason: 'its name is in the future' })
    else if (size > MAX_DELTA) skipped.push({ key, reason: `it ${deltaSizeProblem(size, 0) ?? ''}` })
    else {
      knownIds.note(id)
      deltas.push({ id, key, lastModified })
    }
  }
  return { deltas, skipped, rebuilds, isConfigTooLarge: config !== undefined && config.size > MAX_CONFIG, date }
}
