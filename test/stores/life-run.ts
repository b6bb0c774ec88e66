import type { RunningStore } from '../e2e/support/servers.ts'
import type { StoreLevel } from './level.ts'
import type { LifeStep } from './life/diary.ts'
import { type LifeOptions, liveThrough } from './life/life.ts'

/**
 * What became of the steps of a life: those that differ from what an exact store gives, or fail, by their sentences.
 */
export interface LifeSummary {
  readonly works: number
  readonly differs: readonly string[]
  readonly fails: readonly string[]
  /** Why those fail of which it is known. */
  readonly because?: readonly string[]
}

export interface LifeRun extends Pick<LifeOptions, 'mayBe' | 'rounds'> {
  /** Whether the store finds its objects again when it has left and come back. */
  readonly keepsObjects: boolean
  /** Whether its start takes longer than commands wait for it. */
  readonly startsSlowly: boolean
  readonly level: StoreLevel
  /** Steps that are known to fail, each with the reason. */
  readonly known: Readonly<Record<string, string>>
  readonly say: (line: string) => void
}

/** Lives the life of a repository on the store, as one of this level. */
export async function runLife(
  store: RunningStore,
  { keepsObjects, known, say, startsSlowly, ...options }: LifeRun,
): Promise<LifeSummary> {
  const { accessKeyId, endpoint, name, region, secretAccessKey } = store
  const lasting = { accessKeyId, endpoint, name, region, secretAccessKey, startsSlowly }
  const restarts = { leave: () => store.leave(), comeBack: () => store.comeBack() }
  const says = ({ detail = '', outcome, step }: LifeStep): void => {
    if (outcome !== 'works') say(`  life ${outcome}: ${step} ${detail}`)
  }
  const { steps } = await liveThrough(keepsObjects ? { ...lasting, ...restarts } : lasting, { ...options, says })
  const named = (wanted: LifeStep['outcome']): string[] =>
    steps.filter(({ outcome }) => outcome === wanted).map(({ step }) => step)
  const fails = named('fails')
  const because = [...new Set(fails.flatMap((step) => known[step] ?? []))]
  const summary = { works: named('works').length, differs: named('differs'), fails }
  return because.length === 0 ? summary : { ...summary, because }
}
