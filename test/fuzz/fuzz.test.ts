import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { budget } from '../support/budget.ts'
import { useBundledProgram } from '../support/bundled-program.ts'
import { type FuzzReport, TARGETS } from './targets.ts'

/** Milliseconds for one input, a thousand times what any of them takes: only what hangs is ended. */
const PATIENCE = 60_000
/** Megabytes of the process in which the inputs are tried. */
const MEMORY = 512
const WORKER = fileURLToPath(new URL('fuzz-worker.ts', import.meta.url))

/** `FUZZ_SEED` and `FUZZ_RUNS` try others, and more of them. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 4711)
const RUNS = Number(process.env['FUZZ_RUNS'] ?? budget(200))

describe('what comes from outside, in any form', () => {
  const program = useBundledProgram(WORKER)

  for (const target of Object.keys(TARGETS)) {
    it(`is read or refused, in bounded time and memory: ${target}`, async function () {
      this.timeout(PATIENCE * 10)
      assert.equal(await fuzz(program(), target), 'done')
    })
  }
})

/**
 * Tries a target in a process of its own, which is ended when one input takes too long. @returns `done`, or what went
 * wrong with which input
 */
function fuzz(program: string, target: string): Promise<string> {
  return new Promise((resolve) => {
    const worker = fork(program, [target, String(SEED), String(RUNS)], {
      execArgv: ['--enable-source-maps', `--max-old-space-size=${String(MEMORY)}`],
    })
    let last = 'none'
    let watch: NodeJS.Timeout | undefined
    const finish = (what: string): void => {
      clearTimeout(watch)
      worker.kill('SIGKILL')
      resolve(what)
    }
    const wait = (): void => {
      clearTimeout(watch)
      watch = setTimeout(() => {
        finish(`takes too long: ${last}`)
      }, PATIENCE)
    }
    wait()
    worker.on('message', (message) => {
      const report = message as FuzzReport
      if ('result' in report) finish(report.result)
      else {
        last = report.input
        wait()
      }
    })
    worker.on('exit', (code) => {
      finish(`ended with ${String(code)} at ${last}`)
    })
  })
}
