import type { Level } from '../../../lib/core/check/probe-report.ts'
import type { RunningStore } from '../../e2e/support/servers.ts'

/**
 * A store that runs already. Without `leave` and `comeBack` its outage is not lived through: only a store that keeps
 * its objects when it is stopped has them.
 */
export type StoreUnderTest = Pick<RunningStore, 'accessKeyId' | 'endpoint' | 'name' | 'region' | 'secretAccessKey'> &
  Partial<Pick<RunningStore, 'comeBack' | 'leave'>> & {
    /** Whether its start takes longer than commands wait for it: nobody is let wait for it then. */
    readonly startsSlowly?: boolean
  }

/** What the store guarantees: see docs/STORES.md, "What is needed". */
export type StoreLevel = Exclude<Level, 'not probed'>

/** Whether of several pushes of one version exactly one wins there. */
export function isExclusive(level: StoreLevel): boolean {
  return level === 'exact' || level === 'exact but for deletes'
}
