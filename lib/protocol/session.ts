import { Changes } from '../changes.ts'
import type { Origin } from '../core/delta.ts'
import type { RepositoryLocation } from '../core/keys.ts'
import type { RepositoryConfig } from '../core/repository-config.ts'
import type { ObjectStore } from '../store/object-store.ts'
import type { Clock } from '../sys/clock.ts'
import type { Random } from '../sys/random.ts'
import { NO_PROGRESS, type Track } from '../track.ts'
import type { BaseCache } from './base-cache.ts'
import { stopFailingWrites } from './failing-writes.ts'
import { KnownIds } from './known-ids.ts'
import { readRepositoryConfig } from './repository-config.ts'
import { type StoreClock, followStoreClock } from './store-clock.ts'

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
   * The defaults that the repository keeps; read when they are asked for first, and once. Cost: one GET, or nothing when a
   * listing has told that there are none.
   */
  readonly repositoryConfig: () => Promise<RepositoryConfig>
  /** A listing has told that there are no defaults: nobody has to ask for them. */
  readonly noteNoConfig: () => void
  /** The defaults are about to be these: what is sent from now on goes by them. */
  readonly noteConfig: (config: RepositoryConfig) => void
}

type Told = 'notice' | 'progress' | 'detail' | 'track'

type Optional = Told | 'changes'

type Made = 'knownIds' | 'noteConfig' | 'noteNoConfig' | 'repositoryConfig' | 'storeClock'

export type SessionOptions = Omit<Session, Made | Optional> & Partial<Pick<Session, Optional>>

/** A session whose store clock follows every answer of `store`. */
export function createSession(options: SessionOptions): Session {
  const { store, storeClock } = followStoreClock(stopFailingWrites(options.store), options.clock)
  const silent = (): void => undefined
  let config: Promise<RepositoryConfig> | undefined
  const repositoryConfig = (): Promise<RepositoryConfig> => (config ??= readRepositoryConfig(session))
  const noteNoConfig = (): void => {
    config ??= Promise.resolve({})
  }
  const noteConfig = (next: RepositoryConfig): void => {
    config = Promise.resolve(next)
  }
  const left = { changes: new Changes(), notice: silent, progress: silent, detail: silent, track: NO_PROGRESS }
  const made = { store, storeClock, knownIds: new KnownIds(), repositoryConfig, noteNoConfig, noteConfig }
  const location = options.store.endpoint === undefined ? options.location : { ...options.location, endpoint: options.store.endpoint }
  const session: Session = { ...left, ...options, ...made, location }
  return session
}
