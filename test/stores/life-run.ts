import { existsSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { RunningStore } from '../e2e/support/servers.ts'
import type { StoreLevel } from './level.ts'

/**
 * What became of the steps of a life: those that differ from what an exact store gives, or fail, by their sentences.
 */
export interface LifeSummary {
  readonly works: number
  readonly differs: readonly string[]
  readonly fails: readonly string[]
}

interface LifeStep {
  readonly step: string
  readonly outcome: 'works' | 'differs' | 'fails'
  readonly detail?: string
}

type Store = Pick<RunningStore, 'accessKeyId' | 'endpoint' | 'name' | 'region' | 'secretAccessKey'> &
  Partial<Pick<RunningStore, 'comeBack' | 'leave'>>

interface LifeModule {
  readonly liveThrough: (
    store: Store,
    options: { readonly level: StoreLevel; readonly says: (step: LifeStep) => void },
  ) => Promise<{ readonly steps: readonly LifeStep[] }>
}

/** Where the life of a repository is written down. */
const LIFE = fileURLToPath(new URL('life/life.ts', import.meta.url))

/**
 * Lives the life of a repository on the store, as one of this level. Undefined: none is written.
 * @param keepsObjects whether the store finds its objects again when it has left and come back
 */
export async function runLife(
  store: RunningStore,
  { keepsObjects, level, say }: { keepsObjects: boolean; level: StoreLevel; say: (line: string) => void },
): Promise<LifeSummary | undefined> {
  if (!existsSync(LIFE)) return undefined
  const { liveThrough } = (await import(pathToFileURL(LIFE).href)) as LifeModule
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
