import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { type ChaosOptions, readOptions } from '../options.ts'
import { type Outcome, playRounds } from '../run.ts'
import { FORM } from '../../e2e/support/form.ts'

function optionsOf(...flags: readonly string[]): ChaosOptions {
  const options = readOptions(flags)
  if (options === 'help') throw new Error('these are no flags')
  return options
}

function play(...flags: readonly string[]): Promise<Outcome> {
  return playRounds(optionsOf(...flags), { say: () => undefined, signal: new AbortController().signal })
}

for (const store of ['minio', 'versitygw']) {
  describe(`processes that are killed, stopped and cut off on ${store}`, () => {
    it('lose nothing that was acknowledged, and explain all that was seen', async () => {
      const { folder, summary, violations } = await play(
        '--store',
        store,
        '--seed',
        '1',
        '--rounds',
        '20',
        '--form',
        FORM,
      )
      assert.deepEqual(violations, [], `${summary}history: ${folder ?? ''}`)
      assert.match(summary, /^20 rounds, /)
    }).timeout(600_000)
  })
}

/** A check that cannot fail shows nothing: each of these loses what it has acknowledged. They have one form only. */
const BROKEN = FORM === 'bundle' ? describe : undefined
BROKEN?.('the search for what is lost', () => {
  for (const [subject, mix] of [
    ['stand-in', 'wide'],
    ['broken:no-swap', 'emptied'],
    ['broken:early-answer', 'wide'],
  ] as const) {
    it(`finds it in ${subject}`, async () => {
      const flags = ['--store', 'versitygw', '--seed', '7', '--rounds', '60', '--mix', mix, '--patience', '4']
      const { folder, summary, violations } = await play('--subject', subject, ...flags)
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
      assert.ok(
        violations.some((each) => each.includes('an acknowledged mutation is lost or undone')),
        `${summary}${violations.join('\n')}`,
      )
    })
  }
})?.timeout(600_000)
