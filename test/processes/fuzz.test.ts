import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildFuzzer, fuzz } from '../fuzz/fuzzing.ts'
import { TARGETS } from '../fuzz/targets.ts'

/** Milliseconds for one input, a thousand times what any of them takes: only what hangs is ended. */
const PATIENCE = 60_000
const SEED = 4711
/** `npm run fuzz` tries more than a million. */
const RUNS = 200

describe('what comes from outside, in any form', () => {
  let folder = ''
  const program = (): string => join(folder, 'program.mjs')
  before(async function () {
    this.timeout(PATIENCE)
    folder = mkdtempSync(join(tmpdir(), 'helm-s3-fuzz-'))
    await buildFuzzer(program(), { maps: false })
  })
  after(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  for (const target of Object.keys(TARGETS)) {
    it(`is read or refused, in bounded time and memory: ${target}`, async function () {
      this.timeout(PATIENCE * 10)
      const end = await fuzz(program(), { target, seed: SEED, runs: RUNS, patience: PATIENCE })
      assert.equal(end.outcome, 'done', JSON.stringify(end))
    })
  }
})
