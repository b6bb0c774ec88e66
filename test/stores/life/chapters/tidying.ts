import assert from 'node:assert/strict'
import { deltaTime } from '../../../../lib/core/log/delta-id.ts'
import { pause } from '../../../e2e/support/servers.ts'
import type { Life } from '../life.ts'

const PUSHES = 4

/** The shortest grace window. */
const WINDOW = 60_000

/** `Date` and `LastModified` are in whole seconds, and ids are up to one second ahead. */
const RESOLUTION = 2500

/** Folds some deltas. @returns what is to be lived through when the grace window may have passed */
export async function tidiesLater({ charts, diary, open }: Life): Promise<(life: Life) => Promise<void>> {
  const repository = await open('tidied')
  await diary.step(
    'Pushes with --no-compact leave index.yaml alone; compact folds them, and keeps the deltas.',
    async () => {
      const before = await repository.body('index.yaml')
      for (let i = 0; i < PUSHES; i++)
        await repository.push([await charts.make('app', `1.${String(i)}.0`)], '--no-compact')
      assert.deepEqual(await repository.body('index.yaml'), before)
      await repository.stand(...repository.ledger.standing)
      await repository.ok('compact REPO')
      const { base, deltas } = await repository.snapshot()
      assert.equal(base?.countEntries(), PUSHES)
      assert.equal(deltas.length, PUSHES)
    },
  )

  return async () => {
    await diary.step('compact with the shortest grace window collects the deltas, and nothing else.', async () => {
      const { folded } = (await repository.snapshot()).base?.bookkeeping ?? {}
      const foldedAt = Math.max(0, ...[...(folded ?? [])].map(([id, { at }]) => Math.max(at, deltaTime(id))))
      await pause(Math.min(foldedAt + WINDOW + RESOLUTION - Date.now(), WINDOW + 2 * RESOLUTION))
      await repository.ok('compact REPO --grace-window 1m')
      const { base, deltas } = await repository.snapshot()
      assert.deepEqual(deltas, [])
      assert.equal(base?.countEntries(), PUSHES)
      await repository.stand(...repository.ledger.standing)
    })
  }
}
