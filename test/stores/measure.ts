import { contractSurprises, runContract } from './contract-run.ts'
import { possibleLevels } from './level.ts'
import { runLife } from './life-run.ts'
import { probeRestart } from './probe/restart.ts'
import { probeByProduct } from './product-run.ts'
import { ROUNDS, openLab, probeRaw } from './raw-probe.ts'
import { type StoreResult, faults, levelFor } from './results.ts'
import type { StoreUnderTest } from './servers/store-under-test.ts'

export interface Measured {
  readonly result: StoreResult
  /** What is wrong with it, one line each. */
  readonly faults: readonly string[]
}

/** Installs a store, starts it, finds out all about it, and stops it. `say`: is told what is done, one line each. */
export async function measure(store: StoreUnderTest, say: (line: string) => void): Promise<Measured> {
  const { contract: known = {}, keepsObjects, life: knownLife = {}, name, rare = [], title, version } = store
  const { rounds = ROUNDS, startsSlowly = false } = store
  const stage = stopwatch(name, say)
  await stage('installed', store.install())
  const running = await stage('started', store.start())
  try {
    const lab = await openLab(running)
    const raw = await stage('raw requests', probeRaw(lab, running, rounds))
    const product = await stage('check --probe', probeByProduct(running, { rounds, say }))
    const contract = await stage('contract', runContract(running, known, say))
    // Before thousands of objects are there, which some read at their start.
    const restart = await stage('restarts', probeRestart(lab, running))
    const { level, why } = levelFor(raw, rare)
    const mayBe = possibleLevels(raw, rare)
    const life = await stage(
      'life',
      runLife(running, { keepsObjects, known: knownLife, level, mayBe, rounds, say, startsSlowly }),
    )
    const probe = { words: { ...raw.words, ...restart }, races: raw.races }
    const date = new Date().toISOString().slice(0, 10)
    const result = {
      title,
      version,
      date,
      level,
      why,
      probe,
      contract,
      product,
      life,
    }
    return { result, faults: [...faults(result, { life: knownLife, rare }), ...contractSurprises(contract, known)] }
  } finally {
    await running.stop()
  }
}

/** Says how long each stage has taken. */
function stopwatch(name: string, say: (line: string) => void): <T>(what: string, work: Promise<T>) => Promise<T> {
  return async (what, work) => {
    const startedAt = performance.now()
    const result = await work
    say(`${name}: ${what}, ${((performance.now() - startedAt) / 1000).toFixed(1)} s`)
    return result
  }
}
