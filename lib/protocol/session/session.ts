import type { Changes } from './changes.ts'
import type { Origin, StoredDelta } from '../../core/log/delta.ts'
import type { DeltaId } from '../../core/log/delta-id.ts'
import type { RepositoryLocation } from '../../core/keys.ts'
import type { RepositoryConfig } from '../../settings/repository-config.ts'
import type { ObjectStore } from '../../store/object-store.ts'
import type { Clock } from '../../sys/clock.ts'
import type { Random } from '../../sys/random.ts'
import type { Track } from './track.ts'
import type { Base } from './base.ts'
import type { BaseCache } from './base-cache.ts'
import type { KnownIds } from './known-ids.ts'
import type { StoreClock } from '../../store/store-clock.ts'

/** What a session has read of its repository, so that it is not fetched twice. */
export interface SessionMemory {
  /** The base that was read last: while it stands in the store, its bytes are not fetched again. */
  base: Base | undefined
  /** Deltas never change. */
  readonly deltas: Map<DeltaId, StoredDelta>
}

/** What every step of the protocol works with: one repository, for the length of one command. */
export interface Session {
  readonly store: ObjectStore
  readonly location: RepositoryLocation
  readonly clock: Clock
  /** Orders deltas and dates entries; see {@link StoreClock}. */
  readonly storeClock: StoreClock
  readonly random: Random
  /** What this command has seen of the log: whatever it writes has to come after that. */
  readonly knownIds: KnownIds
  readonly memory: SessionMemory
  /** Written into every delta, for the log. */
  readonly origin: Origin
  /** What has been changed so far: every write that counts is noted here. */
  readonly changes: Changes
  /** Something the user should know although the command goes on: one line, without a newline. */
  readonly notice: (line: string) => void
  /** Why the command takes long: one line, for a terminal only. */
  readonly progress: (line: string) => void
  /** How something was done: one line, with `--verbose` only. */
  readonly detail: (line: string) => void
  /** Shows long work step by step, on a terminal only. */
  readonly track: Track
  /** The base as this machine has last seen it; undefined: each read fetches it. */
  readonly baseCache?: BaseCache | undefined
  /**
   * The defaults that the repository keeps; read when they are asked for first, and once. Cost: one GET, or nothing
   * when a listing has told that there are none.
   */
  readonly repositoryConfig: () => Promise<RepositoryConfig>
  /** A listing has told that there are no defaults: nobody has to ask for them. */
  readonly noteNoConfig: () => void
  /** The defaults are about to be these: what is sent from now on goes by them. */
  readonly noteConfig: (config: RepositoryConfig) => void
}
