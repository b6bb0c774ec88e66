import { mkdirSync } from 'node:fs'
import type { RunningStore } from '../../e2e/support/servers.ts'
import { Workplace } from '../../e2e/support/workplace.ts'
import type { StoreUnderTest } from './store-under-test.ts'

/** A person's machine, and a new bucket on the store. The folder `tmp` is for temporary files of the program. */
export async function openPlace(store: StoreUnderTest): Promise<Workplace> {
  const at = await Workplace.open(asRunning(store))
  mkdirSync(at.path('tmp'))
  return at
}

/** A workplace wants a store that can be stopped; whose this one is, it is not for us to end it. */
function asRunning(store: StoreUnderTest): RunningStore {
  const refuse = (): Promise<never> => Promise.reject(new Error(`${store.name} cannot be stopped here`))
  return { leave: refuse, comeBack: refuse, ...store, stop: async () => undefined }
}
