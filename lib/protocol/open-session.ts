import { Changes } from './session/changes.ts'
import type { RepositoryConfig } from '../settings/repository-config.ts'
import { NO_PROGRESS } from './session/track.ts'
import { stopFailingWrites } from './write/failing-writes.ts'
import { KnownIds } from './session/known-ids.ts'
import { PAGING } from './session/limits.ts'
import { readRepositoryConfig } from './read/read-config.ts'
import type { Session, SessionMemory } from './session/session.ts'
import { followStoreClock } from '../store/store-clock.ts'

type Told = 'notice' | 'progress' | 'detail' | 'track'

type Optional = Told | 'changes' | 'paging'

type Made = 'knownIds' | 'memory' | 'noteConfig' | 'noteNoConfig' | 'repositoryConfig' | 'storeClock'

export type SessionOptions = Omit<Session, Made | Optional> & Partial<Pick<Session, Optional>>

/** Makes a session. Its estimate of the store's clock follows every answer of `store`. */
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
  const left = {
    changes: new Changes(),
    notice: silent,
    progress: silent,
    detail: silent,
    track: NO_PROGRESS,
    paging: PAGING,
  }
  const memory: SessionMemory = {
    base: undefined,
    paged: undefined,
    indexSize: undefined,
    distrustsPages: false,
    distrustsComposing: false,
    deltas: new Map(),
  }
  const made = { store, storeClock, knownIds: new KnownIds(), memory, repositoryConfig, noteNoConfig, noteConfig }
  const location =
    options.store.endpoint === undefined ? options.location : { ...options.location, endpoint: options.store.endpoint }
  const session: Session = { ...left, ...options, ...made, location }
  return session
}
