import type { KnownLimits } from '../../contract/object-store.ts'
import type { KillableStore } from '../../e2e/support/servers.ts'
import type { Behaviour } from '../probe/behaviours.ts'

/** A real S3 server that the matrix of stores is measured on. */
export interface StoreUnderTest {
  /** As on the command line. */
  readonly name: string
  /** As people call it. */
  readonly title: string
  /** Pinned. */
  readonly version: string
  /** Whether it is there in a few minutes, so that it is run where no store is named. */
  readonly isQuick: boolean
  /** Whether it finds its objects again when it has been ended and started. */
  readonly keepsObjects: boolean
  /** Whether its start takes longer than commands wait for a store: 20 seconds. */
  readonly startsSlowly?: boolean
  /** Installs it where it is not yet, below the folder of parts. @throws when a program for that is missing */
  install(): Promise<void>
  /** Starts it on 127.0.0.1, on a free port, with a folder and keys of its own. */
  start(): Promise<KillableStore>
  /** Where it falls short of the contract of an object store. */
  readonly contract?: KnownContract
  /** Steps of the life of repositories that fail there, by their sentences, each with the reason. */
  readonly life?: Readonly<Record<string, string>>
  /** Steps of the life that differ in some runs. */
  readonly lifeMayDiffer?: readonly string[]
  /** Rounds of each race, also of `check --probe`. Default: 30. */
  readonly rounds?: number
  /** Races of which several winners have been seen, though not in each run. */
  readonly rare?: readonly Behaviour[]
  /** Codes of findings that `check --probe` has in some runs, beside those of rare races. */
  readonly rareFindings?: readonly string[]
}

/** Where a store is known to fall short; each is checked: one that has learnt it fails the run. */
export interface KnownContract {
  /** What the suite itself knows how to check. */
  readonly limits?: KnownLimits
  /** Titles of the contract that fail. */
  readonly fails?: readonly string[]
  /** Titles that fail in some runs, as races do. */
  readonly mayFail?: readonly string[]
}
