import { parentPort, workerData } from 'node:worker_threads'
import { type Product, loadProduct } from './product.ts'
import { type Outcome, runSchedule } from './schedule.ts'
import type { ScheduleOptions } from './world.ts'

/** Schedules to run, from one seed to another. */
export interface Order {
  readonly job: number
  readonly options: Omit<ScheduleOptions, 'trace'>
  /** The bundle; undefined: the same as before. */
  readonly product: string | undefined
  readonly first: number
  readonly last: number
  /** Whether to tell what happens. */
  readonly traces: boolean
}

/** What all threads see at once. */
export interface Shared {
  /** One number: jobs below it are over, and what is left of their orders need not be run. */
  readonly over: Int32Array
}

/** One answer for each seed, in their order. */
export interface Answer {
  readonly job: number
  readonly outcome: Outcome
  readonly trace: readonly string[]
}

const { over } = workerData as Shared
let product: Product | undefined

async function run({ first, job, last, options, product: code, traces }: Order): Promise<void> {
  if (code !== undefined) product = loadProduct(code)
  if (product === undefined) throw new Error('there is no program to run')
  for (let seed = first; seed <= last && Atomics.load(over, 0) <= job; seed++) {
    const trace: string[] = []
    const outcome = await runSchedule(product, seed, {
      ...options,
      ...(traces ? { trace: (line) => void trace.push(line) } : {}),
    })
    parentPort?.postMessage({ job, outcome, trace } satisfies Answer)
  }
}

let last = Promise.resolve()
parentPort?.on('message', (order: Order) => {
  last = last.then(() => run(order))
})
