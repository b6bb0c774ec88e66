import type { Changes } from './changes.ts'
import type { Origin, StoredDelta } from '../../core/log/delta.ts'
import type { DeltaId } from '../../core/log/delta-id.ts'
import type { RepositoryLocation } from '../../core/keys.ts'
import type { RepositoryConfig } from '../../settings/repository-config.ts'
import type { ObjectStore } from '../../store/object-store.ts'
import type { Clock } from '../../sys/clock.ts'
import type { Random } from '../../sys/random.ts'
import type { Track } from './track.ts'
import type { PagedBase, WholeBase } from './base.ts'
import type { BaseCache } from './base-cache.ts'
import type { KnownIds } from './known-ids.ts'
import type { PageSizes } from '../../core/index/page-sizes.ts'
import type { PartLimits } from '../../core/index/plan-parts.ts'
import type { StoreClock } from '../../store/store-clock.ts'

/** What a session has read of its repository, kept so that nothing is fetched twice. */
export interface SessionMemory {
  /** The base that was read last. As long as it is still the one in the store, its bytes are not fetched again. */
  base: WholeBase | undefined
  /** Pages of `index.yaml` that were read, see `read-pages.ts`. */
  paged: PagedBase | undefined
  /** Bytes of `index.yaml`, as a HEAD has shown just now. Undefined: not known. */
  indexSize: number | undefined
  /** Something about the pages was in doubt: from now on `index.yaml` is read as a whole. */
  distrustsPages: boolean
  /** The store did not compose an object when it was asked to: from now on objects are written as a whole. */
  distrustsComposing: boolean
  /** The deltas that were read or written, by id; they never change. */
  readonly deltas: Map<DeltaId, StoredDelta>
}

export interface PagingLimits {
  readonly sizes: PageSizes
  readonly parts: PartLimits
  /** The bytes at the end of `index.yaml` that are read first: they nearly always hold all that follows the charts. */
  readonly tail: number
}

/**
 * What every step of the protocol works with. A session belongs to one repository, and lasts as long as one command.
 */
export interface Session {
  readonly store: ObjectStore
  readonly location: RepositoryLocation
  readonly clock: Clock
  /** Orders deltas and dates entries; see {@link StoreClock}. */
  readonly storeClock: StoreClock
  readonly random: Random
  /** What this command has seen of the log. Whatever it writes has to get a higher id than that. */
  readonly knownIds: KnownIds
  readonly memory: SessionMemory
  /** Who writes, as it is noted in every delta for the log. */
  readonly origin: Origin
  /** What has been changed so far: every write that counts is noted here. */
  readonly changes: Changes
  /** Tells the user something important while the command goes on: one line, without a newline. */
  readonly notice: (line: string) => void
  /** Tells why the command takes long: one line, on a terminal only. */
  readonly progress: (line: string) => void
  /** Tells how something was done: one line, with `--verbose` only. */
  readonly detail: (line: string) => void
  /** Shows the progress of long work, on a terminal only. */
  readonly track: Track
  /** How `index.yaml` is divided and written. */
  readonly paging: PagingLimits
  /** The base as this machine has last seen it; undefined: each read fetches it. */
  readonly baseCache?: BaseCache | undefined
  /**
   * The defaults of the repository, read once, when they are first asked for. Cost: one GET, or nothing when a listing
   * has shown that there are none.
   */
  readonly repositoryConfig: () => Promise<RepositoryConfig>
  /** Notes that a listing has shown that there are no defaults, so that they need not be read. */
  readonly noteNoConfig: () => void
  /** Notes that the defaults are about to be these: what is sent from now on follows them. */
  readonly noteConfig: (config: RepositoryConfig) => void
}
