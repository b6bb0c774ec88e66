import assert from 'node:assert/strict'
import { readdirSync, truncateSync } from 'node:fs'
import { WORTH_KEEPING } from '../../lib/protocol/base-cache.ts'
import type { Key } from '../../lib/core/keys.ts'
import { useProgram } from '../support/program.ts'

const URI = 's3://acme/charts'

describe('reading an index again', () => {
  const program = useProgram()
  const filler = '#'.repeat(WORTH_KEEPING)

  /** What a download prints, and how often the store sent the bytes of `index.yaml`, and how often it had none to send. */
  async function download(): Promise<{ readonly stdout: string; readonly sent: number; readonly spared: number }> {
    let [sent, spared] = [0, 0]
    const { bucket } = program
    program.fail({
      get: async (key: Key, options) => {
        if (key.endsWith('index.yaml')) sent++
        return bucket.get(key, options)
      },
      getUnless: async (key, etag) => {
        const answer = await bucket.getUnless(key, etag)
        if (answer !== undefined && 'body' in answer) sent++
        else spared++
        return answer
      },
    })
    const stdout = await program.ok('download', '', '', '', `${URI}/index.yaml`)
    program.fail({})
    return { stdout, sent, spared }
  }

  const pushBig = async (): Promise<void> => {
    await program.ok('init', URI)
    await program.ok('push', await program.chart('big', '1.0.0', { 'Chart.yaml': `apiVersion: v2\nname: big\nversion: 1.0.0\ndescription: "${filler}"\n` }), URI)
  }

  it('does not fetch the bytes of a base that has not changed, and merges what is pending all the same', async () => {
    await pushBig()
    const first = await download()
    assert.deepEqual([first.sent, first.spared], [1, 0])
    const second = await download()
    assert.deepEqual([second.sent, second.spared], [0, 1])
    assert.equal(second.stdout, first.stdout)
    await program.ok('push', await program.chart('app', '1.0.0'), URI, '--no-compact')
    const merged = await download()
    assert.deepEqual([merged.sent, merged.spared], [0, 1])
    assert.match(merged.stdout, /"app":\[\n/)
  })

  it('fetches a base that has changed, and one whose kept bytes are damaged', async () => {
    await pushBig()
    await download()
    await program.ok('push', await program.chart('app', '1.0.0'), URI)
    const changed = await download()
    assert.deepEqual([changed.sent, changed.spared], [1, 0])
    assert.match(changed.stdout, /"app":\[\n/)
    const [file = ''] = readdirSync(program.path('cache', 'helm-s3'))
    truncateSync(program.path('cache', 'helm-s3', file), 1000)
    const repaired = await download()
    assert.deepEqual([repaired.sent, repaired.stdout], [1, changed.stdout])
    assert.deepEqual((await download()).sent, 0)
  })

  it('keeps nothing of a small index', async () => {
    await program.ok('init', URI)
    await download()
    assert.deepEqual(readdirSync(program.path('cache')), [])
  })
})
