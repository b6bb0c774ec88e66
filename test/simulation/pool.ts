import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { bundleWorker } from './bundle.ts'
import type { Answer, Order, Shared } from './worker.ts'

export interface Run extends Pick<Order, 'options'> {
  /** See `bundleProduct`. */
  readonly product: string
  readonly first: number
  readonly seeds: number
  readonly traces?: boolean
}

/** Seeds that are given out at once: enough that no thread waits for the next, few enough that all end together. */
const PORTION = 10

interface Thread {
  readonly worker: Worker
  product: string | undefined
  /** Seeds that it has been given and has not answered. */
  open: number
}

/** Runs schedules on several threads. The outcome of a seed does not depend on how many there are. */
export class Pool {
  readonly #threads: readonly Thread[]
  readonly #over: Int32Array
  #job: Job | undefined
  #jobs = 0

  private constructor(threads: readonly Thread[], over: Int32Array) {
    this.#threads = threads
    this.#over = over
    for (const thread of threads) {
      thread.worker.on('message', (answer: Answer) => this.#job?.take(thread, answer))
      thread.worker.on('error', (error) => this.#job?.fail(error))
    }
  }

  static async open(workers = availableParallelism()): Promise<Pool> {
    const code = await bundleWorker()
    const over = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
    const workerData: Shared = { over }
    const start = (): Thread => {
      return { worker: new Worker(code, { eval: true, execArgv: [], workerData }), product: undefined, open: 0 }
    }
    return new Pool(Array.from({ length: workers }, start), over)
  }

  /**
   * Runs the schedules and calls `tell` for each, in the order of the seeds. One run at a time.
   * @param tell answers `enough` when the rest need not run
   */
  async run(run: Run, tell: Tell): Promise<void> {
    if (run.seeds <= 0) return
    try {
      await new Promise<void>((resolve, reject) => {
        this.#job = new Job(this.#jobs++, run, tell, { resolve, reject })
        for (const thread of this.#threads) this.#job.start(thread)
      })
    } finally {
      Atomics.store(this.#over, 0, this.#jobs)
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()))
  }
}

type Tell = (answer: Answer) => 'more' | 'enough'

class Job {
  readonly #number: number
  readonly #run: Run
  readonly #tell: Tell
  readonly #end: { readonly resolve: () => void; readonly reject: (error: Error) => void }
  /** Answers that came before those of lower seeds. */
  readonly #early = new Map<number, Answer>()
  #next: number
  #told: number

  constructor(
    number: number,
    run: Run,
    tell: Tell,
    end: { readonly resolve: () => void; readonly reject: (error: Error) => void },
  ) {
    this.#number = number
    this.#run = run
    this.#tell = tell
    this.#end = end
    this.#next = this.#told = run.first
  }

  start(thread: Thread): void {
    thread.open = 0
    // Two portions, so that it need not wait between them.
    this.#give(thread)
    this.#give(thread)
  }

  take(thread: Thread, answer: Answer): void {
    if (answer.job !== this.#number) return
    if (--thread.open < PORTION) this.#give(thread)
    this.#early.set(answer.outcome.seed, answer)
    for (let due = this.#early.get(this.#told); due !== undefined; due = this.#early.get(this.#told)) {
      this.#early.delete(this.#told++)
      const isLast = this.#told === this.#run.first + this.#run.seeds
      if (this.#tell(due) === 'more' && !isLast) continue
      this.#next = Infinity
      this.#end.resolve()
      return
    }
  }

  fail(error: Error): void {
    this.#next = Infinity
    this.#end.reject(error)
  }

  #give(thread: Thread): void {
    const { first, options, product, seeds, traces = false } = this.#run
    const last = Math.min(this.#next + PORTION, first + seeds) - 1
    if (this.#next > last) return
    const code = thread.product === product ? undefined : product
    thread.product = product
    thread.open += last - this.#next + 1
    thread.worker.postMessage({
      job: this.#number,
      options,
      product: code,
      first: this.#next,
      last,
      traces,
    } satisfies Order)
    this.#next = last + 1
  }
}
