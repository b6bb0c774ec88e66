import type { Config } from '../settings/config.ts'
import type { RepositoryLocation } from '../core/keys.ts'
import type { Output, Source } from './output.ts'
import type { Session } from '../protocol/session/session.ts'
import type { SourcedObjectSettings } from '../settings/objects.ts'
import type { ObjectStore } from '../store/object-store.ts'

/** What a command works with. */
export interface Context {
  readonly config: Config
  readonly output: Output
  /** Standard input. */
  readonly stdin: Source
  /** What the command line and the environment say about every object that is written, and where each of it stands. */
  readonly objectSettings: SourcedObjectSettings
  /** Whether what a repository says about them counts. */
  readonly takesRepositoryDefaults: boolean
  /** Opens a repository. Nothing is sent yet. */
  openSession(location: RepositoryLocation): Promise<Session>
  /** Opens a bucket by its name; `query` is that of the URL which named it. Nothing is sent yet. */
  openStore(bucket: string, query?: string): Promise<ObjectStore>
  /** The program does not end before this is done. It must not reject. */
  readonly beforeEnd: (work: Promise<void>) => void
}
