import type { RunningStore } from '../e2e/support/servers.ts'
import type { StoreLevel } from './level.ts'
import type { LifeStep } from './life/diary.ts'
import { liveThrough } from './life/life.ts'

/**
 * What became of the steps of a life: those that differ from what an exact store gives, or fail, by their sentences.
 */
export interface LifeSummary {
  readonly works: number
  readonly differs: readonly string[]
  readonly fails: readonly string[]
}

/**
 * Lives the life of a repository on the store, as one of this level.
 * @param keepsObjects whether the store finds its objects again when it has left and come back
 */
export async function runLife(
  store: RunningStore,
  { keepsObjects, level, say }: { keepsObjects: boolean; level: StoreLevel; say: (line: string) => void },
): Promise<LifeSummary> {
  const { accessKeyId, endpoint, name, region, secretAccessKey } = store
  const lasting = { accessKeyId, endpoint, name, region, secretAccessKey }
  const restarts = { leave: () => store.leave(), comeBack: () => store.comeBack() }
  const says = ({ detail = '', outcome, step }: LifeStep): void => {
    if (outcome !== 'works') say(`  life ${outcome}: ${step} ${detail}`)
  }
  const { steps } = await liveThrough(keepsObjects ? { ...lasting, ...restarts } : lasting, { level, says })
  const named = (wanted: LifeStep['outcome']): string[] =>
    steps.filter(({ outcome }) => outcome === wanted).map(({ step }) => step)
  return { works: named('works').length, differs: named('differs'), fails: named('fails') }
}
