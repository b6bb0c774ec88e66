import assert from 'node:assert/strict'
import { afterChanges, linesWhenEnded } from '../../lib/cli/after-changes.ts'
import { Changes } from '../../lib/protocol/session/changes.ts'
import { makeDeltaId } from '../../lib/core/log/delta-id.ts'
import { HelmS3Error } from '../../lib/errors.ts'

const [FIRST, SECOND] = [1, 2].map((n) => makeDeltaId(n, new Uint8Array(10))) as [
  ReturnType<typeof makeDeltaId>,
  ReturnType<typeof makeDeltaId>,
]
const versions = (...numbers: readonly number[]): { name: string; version: string }[] =>
  numbers.map((n) => ({ name: 'app', version: `${String(n)}.0.0` }))

describe('the message of a command that fails after a change', () => {
  const failed = new HelmS3Error('unreachable', 'nobody answers', { hint: 'look at the network' })
  const told = (changes: Changes, error: unknown = failed, command = 'prune'): HelmS3Error => {
    const text = afterChanges(error, changes, command, false)
    assert.ok(text instanceof HelmS3Error)
    return text
  }

  it('is the error itself when nothing was changed', () => {
    const changes = new Changes()
    const change = { delta: FIRST, added: versions(1), removed: [] }
    changes.sending(change)
    changes.notMade(change)
    assert.equal(afterChanges(failed, changes, 'push', false), failed)
    assert.deepEqual(linesWhenEnded(changes), [])
  })

  it('names a few versions and only counts many, over all deltas', () => {
    const changes = new Changes()
    changes.committed({ delta: FIRST, added: versions(1, 2), removed: versions(3) })
    assert.equal(
      told(changes).message,
      `committed: app 1.0.0, app 2.0.0 and the removal of app 3.0.0 (delta ${FIRST}); not finished: nobody answers`,
    )
    changes.committed({ delta: SECOND, added: versions(2, 4, 5), removed: versions(6) })
    const counted = `committed: 4 versions and the removal of app 3.0.0, app 6.0.0 (2 deltas, the last ${SECOND})`
    assert.equal(told(changes).message, `${counted}; not finished: nobody answers`)
    assert.deepEqual(linesWhenEnded(changes), [`${counted}; ended before everything was done`])
  })

  it('names changes other than versions: an index, and the removal of archives without an entry', () => {
    const changes = new Changes()
    changes.committed({ delta: FIRST, added: [], removed: [] })
    changes.committed({ object: 'charts/index.yaml' })
    changes.committed({ object: 'charts/index.yaml' })
    assert.match(
      told(changes).message,
      new RegExp(`^committed: the removal of archives that no entry names \\(delta ${FIRST}\\), charts/index\\.yaml; `),
    )
  })

  it('names the write that got no answer, unless the error itself says that the outcome is unknown', () => {
    const changes = new Changes()
    changes.sending({ delta: FIRST, added: versions(1), removed: [] })
    assert.equal(
      told(changes).message,
      `no answer to the write of app 1.0.0 (delta ${FIRST}): it may or may not take effect; not finished: nobody ` +
        `answers`,
    )
    const unknown = new HelmS3Error('outcome-unknown', 'no answer to the write')
    assert.equal(told(changes, unknown), unknown)
    changes.committed({ delta: SECOND, added: versions(2), removed: [] })
    assert.equal(
      told(changes, unknown).message,
      `committed: app 2.0.0 (delta ${SECOND}); not finished: no answer to the write`,
    )
  })

  it('is the plain refusal of an existing version, unless a delta of the same command may have added a version', () => {
    const exists = new HelmS3Error('already-exists', 'it is there', { bare: true })
    const changes = new Changes()
    changes.committed({ delta: FIRST, added: versions(1), removed: [] })
    changes.sending({ object: 'charts/index.yaml' })
    assert.equal(told(changes, exists), exists)
    changes.sending({ delta: SECOND, added: versions(2), removed: [] })
    assert.equal(told(changes, exists).code, 'outcome-unknown')
  })

  it('says how to continue, without hints that held only before the change', () => {
    const changes = new Changes()
    changes.committed({ delta: FIRST, added: versions(1), removed: [] })
    assert.equal(told(changes).hint, 'look at the network; run the same command again to do the rest')
    const crossed = new HelmS3Error('conflict', 'crossed', { hint: 'nothing is half done; push again' })
    assert.match(told(changes, crossed, 'push').hint ?? '', /^run the same command with --ignore-if-exists/)
    assert.match(told(changes, failed, 'delete').hint ?? '', /--ignore-missing/)
    assert.match(told(changes, new TypeError('a fault')).message, /not finished: unexpected: a fault$/)
  })

  it('mentions a replaced archive until the delta of its version is committed', () => {
    const changes = new Changes()
    changes.replaced({ name: 'app', version: '1.0.0' })
    assert.match(told(changes).message, /^the archive of app 1\.0\.0 has been replaced, or may be, .*; not finished/)
    changes.committed({ delta: FIRST, added: versions(1), removed: [] })
    assert.match(told(changes).message, /^committed: app 1\.0\.0 \(delta [^)]+\); not finished/)
  })

  it('names at most 20 left-over archives and counts the rest', () => {
    const changes = new Changes()
    assert.equal(changes.leftover, undefined)
    for (let i = 0; i < 25; i++)
      changes.leaveArchive(
        { address: 'stable' },
        `charts/app-${String(i)}.tgz`,
        i === 0 ? new Error('first') : 'another',
      )
    assert.match(
      changes.leftover ?? '',
      /: charts\/app-0\.tgz, .*charts\/app-19\.tgz and 5 more \(first\); `helm s3 prune stable --orphans` removes what stays$/,
    )
  })
})
