import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { COUNTERS, type FuzzOrder, SHARED_HEAD } from './fuzz-order.ts'
import { type TrialResult, tryInputs } from './guided.ts'
import { TARGETS } from './targets.ts'

/** The thread in which the inputs of one target are tried. */

const { corpus, only, runs, seed, shared, target: name } = workerData as FuzzOrder
const head = new Int32Array(shared, 0, 2)
const body = new Uint8Array(shared, SHARED_HEAD)

function trying(input: Uint8Array): void {
  body.set(input.subarray(0, body.length))
  Atomics.store(head, 1, Math.min(input.length, body.length))
  Atomics.add(head, 0, 1)
}

function filesIn(folder: string): readonly Uint8Array[] {
  try {
    return readdirSync(folder)
      .sort()
      .map((file) => readFileSync(join(folder, file)))
  } catch {
    return []
  }
}

async function run(): Promise<TrialResult> {
  const target = TARGETS[name]
  if (target === undefined) throw new Error(`there is no target ${name}`)
  const counters = (globalThis as Readonly<Record<string, unknown>>)[COUNTERS]
  return tryInputs({
    target: only === undefined ? target : { ...target, corpus: () => [only] },
    files: only === undefined ? filesIn(corpus) : [],
    runs: only === undefined ? Math.ceil(runs * (target.share ?? 1)) : 0,
    seed,
    counters: counters instanceof Uint8Array ? counters : new Uint8Array(),
    trying,
  })
}

parentPort?.postMessage(await run())
