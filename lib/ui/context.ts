import type { Config } from '../settings/config.ts'
import type { RepositoryLocation } from '../core/keys.ts'
import type { Output, Source } from './output.ts'
import type { Session } from '../protocol/session/session.ts'
import type { SourcedObjectSettings } from '../settings/objects.ts'
import type { ObjectStore } from '../store/object-store.ts'

/** What a command has to work with. */
export interface Context {
  readonly config: Config
  readonly output: Output
  /** Standard input. */
  readonly stdin: Source
  /** The settings for every object that is written, from the command line and the environment, each with its source. */
  readonly objectSettings: SourcedObjectSettings
  /** Whether the settings for objects that a repository defines are obeyed. */
  readonly takesRepositoryDefaults: boolean
  /** Opens a repository. Nothing is sent yet. */
  openSession(location: RepositoryLocation): Promise<Session>
  /** Opens a bucket by its name. `query` is the query of the URL that named it. Nothing is sent yet. */
  openStore(bucket: string, query?: string): Promise<ObjectStore>
  /** Makes the program wait for this work before it ends. The promise must not reject. */
  readonly beforeEnd: (work: Promise<void>) => void
}
