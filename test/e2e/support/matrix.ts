import { type RunningStore, type StoreName, startStore } from './servers.ts'
import { type HelmMajor, ROOT, Workplace } from './workplace.ts'

/** What the tests of one combination work with; a fresh workplace and bucket for each test. */
export interface Combination {
  readonly helm: HelmMajor
  readonly storeName: StoreName
  /** The workplace of the running test, with the plugin installed in Helm. */
  readonly at: () => Workplace
}

/** Describes the same behaviours for Helm 3 and Helm 4 on MinIO and on versitygw. */
export function describeEverywhere(what: string, define: (combination: Combination) => void): void {
  for (const storeName of ['minio', 'versitygw'] as const) {
    for (const helm of [3, 4] as const) {
      describe(`${what}: Helm ${String(helm)} on ${storeName}`, () => {
        const at = useWorkplace(storeName)
        beforeEach(() => at().helmOk(helm, `plugin install ${ROOT.replace(/\/$/, '')}`))
        define({ helm, storeName, at })
      })
    }
  }
}

/**
 * One running store for the enclosing `describe`, a fresh workplace for each of its tests. `settings`: environment of
 * the store.
 */
export function useWorkplace(storeName: StoreName, settings: Readonly<Record<string, string>> = {}): () => Workplace {
  let store: RunningStore | undefined
  let workplace: Workplace | undefined
  before(async () => {
    store = await startStore(storeName, settings)
  })
  after(() => store?.stop())
  beforeEach(async () => {
    if (store === undefined) throw new Error('the store is not running')
    workplace = await Workplace.open(store)
  })
  afterEach(() => workplace?.close())
  return () => {
    if (workplace === undefined) throw new Error('no test is running')
    return workplace
  }
}
