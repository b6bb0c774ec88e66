import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../../..')
const EXECUTABLE = join(ROOT, 'dist', 'helm-s3')

/** Which of the two forms of the program the suite is for: $HELM_S3_FORM, `bundle` (on Node.js) or `executable`. */
export const FORM = formOf(process.env.HELM_S3_FORM ?? 'bundle')

export type Form = 'bundle' | 'executable'

function formOf(text: string): Form {
  if (text === 'bundle' || text === 'executable') return text
  throw new Error(`HELM_S3_FORM is ${text}, and there are the forms bundle and executable`)
}

/** A root hook: the launcher starts whatever it finds in dist/, and the suite must not test the other form. */
export const mochaHooks = {
  beforeAll(): void {
    assert.equal(
      existsSync(EXECUTABLE),
      FORM === 'executable',
      `dist/ holds what \`npm run test:e2e${FORM === 'executable' ? ':executable' : ''}\` builds`,
    )
    if (FORM === 'bundle') return
    // There is no Node.js on this PATH: only the executable can answer.
    const { status, stderr } = spawnSync(join(ROOT, 'bin', 'helm-s3'), ['version'], {
      env: { PATH: '/nowhere' },
      encoding: 'utf8',
    })
    assert.deepEqual([status, stderr], [0, ''])
  },
}
