import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { type Plugin, build } from 'esbuild'
import { COUNTERS, type FuzzOrder, SHARED_HEAD, SHARED_SIZE } from './fuzz-order.ts'
import type { TrialResult } from './guided.ts'
import { instrument } from './instrument.ts'

const HERE = import.meta.dirname
const LIB = join(HERE, '../../lib/')
/** Real inputs, in a folder for each target. */
const CORPUS = join(HERE, '../../fixtures/fuzz')
/** Megabytes of the thread in which inputs are tried. */
const MEMORY = 512
/** Milliseconds between two looks whether an input hangs. */
const LOOK = 500
const MOST_COUNTERS = 1 << 16

/** What packages in CommonJS call, and a module does not have. */
const REQUIRE =
  "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url)"

/**
 * Bundles the program that tries inputs, with a counter in each branch of `lib/`, as one module. `maps`: errors name
 * the lines of its sources, and each thread takes longer to start.
 */
export async function buildFuzzer(outfile: string, { maps }: { readonly maps: boolean }): Promise<void> {
  let count = 0
  const counting: Plugin = {
    name: 'counting',
    setup: (bundling) => {
      bundling.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const text = await readFile(path, 'utf8')
        // Where a module of the tests looks for fixtures does not change by the bundling.
        if (!path.startsWith(LIB))
          return { contents: text.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path))), loader: 'ts' }
        const made = instrument(text, count)
        count += made.count
        return { contents: made.code, loader: 'ts' }
      })
    },
  }
  await build({
    entryPoints: [join(HERE, 'fuzz-worker.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    banner: { js: `${REQUIRE}; globalThis.${COUNTERS} = new Uint8Array(${String(MOST_COUNTERS)})` },
    plugins: [counting],
    sourcemap: maps && 'inline',
    logLevel: 'warning',
  })
  if (count > MOST_COUNTERS) throw new Error(`${String(count)} branches are more than can be counted`)
}

export interface Fuzzing extends Omit<FuzzOrder, 'shared' | 'corpus'> {
  /** Milliseconds for one input. */
  readonly patience: number
}

/** How a trial ended. `hung` and `died`: at this input. */
export type FuzzEnd =
  | { readonly outcome: 'done'; readonly result: TrialResult }
  | { readonly outcome: 'failed'; readonly error: string; readonly input: Uint8Array }

/**
 * Tries a target in a thread of its own, which is ended when one input takes too long or needs too much memory.
 * @param program what {@link buildFuzzer} has made
 */
export function fuzz(program: string, { patience, ...order }: Fuzzing): Promise<FuzzEnd> {
  const shared = new SharedArrayBuffer(SHARED_SIZE)
  const workerData: FuzzOrder = { ...order, shared, corpus: join(CORPUS, order.target) }
  const worker = new Worker(program, {
    workerData,
    execArgv: ['--enable-source-maps'],
    resourceLimits: { maxOldGenerationSizeMb: MEMORY },
  })
  const head = new Int32Array(shared, 0, 2)
  const failed = (error: string): FuzzEnd => {
    return { outcome: 'failed', error, input: Buffer.from(new Uint8Array(shared, SHARED_HEAD, head[1])) }
  }
  return new Promise((resolve) => {
    let [tried, since] = [0, Date.now()]
    const finish = (end: FuzzEnd): void => {
      clearInterval(watch)
      void worker.terminate()
      resolve(end)
    }
    const watch = setInterval(() => {
      const now = Atomics.load(head, 0)
      // Before the first input the program is loaded.
      if (now !== tried || now === 0) [tried, since] = [now, Date.now()]
      else if (Date.now() - since > patience) finish(failed(`it takes longer than ${String(patience / 1000)} s`))
    }, LOOK)
    worker.on('message', (message) => {
      const result = message as TrialResult
      finish(result.failure === undefined ? { outcome: 'done', result } : { outcome: 'failed', ...result.failure })
    })
    worker.on('error', (error) => finish(failed(String(error))))
    worker.on('exit', (code) => finish(failed(`the thread ended with ${String(code)}`)))
  })
}
