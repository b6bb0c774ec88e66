import assert from 'node:assert/strict'
import { deleteVersions } from '../../lib/protocol/delete.ts'
import { compactInline } from '../../lib/protocol/compact-inline.ts'
import { compactRepository } from '../../lib/protocol/compact.ts'
import { readView } from '../../lib/protocol/read-view.ts'
import { Repository, upload } from './fixture.ts'

describe('one session', () => {
  let repository: Repository
  beforeEach(async () => {
    repository = await Repository.initialised()
    await repository.push([upload('app', '1.0.0')])
    await repository.push([upload('app', '2.0.0')])
    repository.requests.length = 0
  })
  const count = (line: string): number => repository.requests.filter((each) => each === line).length

  it('fetches the index and each delta once for a deletion with its compaction', async () => {
    const session = repository.session()
    await session.clock.sleep(10_000)
    const { committed } = await deleteVersions(session, [{ name: 'app', version: '1.0.0' }])
    assert.equal(await compactInline(session, committed[0]!), true)
    assert.equal(count('GET index.yaml'), 1)
    assert.equal(count('GET unless index.yaml'), 2)
    assert.equal(count('GET index.d/ULID.yaml'), 3)
    assert.deepEqual((await readView(repository.session())).index.versions('app').map(({ version }) => version), ['2.0.0'])
  })

  it('sees what another has written to the index since', async () => {
    const session = repository.session()
    await readView(session)
    await compactRepository(repository.session(), { graceWindow: 300_000, dryRun: false, form: undefined })
    await repository.push([upload('app', '3.0.0')])
    const view = await readView(session)
    assert.equal(view.base.index.bookkeeping.folded.size, 2)
    assert.deepEqual(view.index.versions('app').map(({ version }) => version), ['3.0.0', '2.0.0', '1.0.0'])
    assert.deepEqual(view.pending.length, 1)
  })

  it('tells how it has read the index, when asked to', async () => {
    const lines: string[] = []
    await readView({ ...repository.session(), detail: (line) => lines.push(line) })
    assert.match(lines.join('\n'), /^helm-s3: read charts\/index\.yaml, \d+ bytes of json, whose charts are copied as they stand$/)
  })
})
