import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { startEmbeddedStore } from '../../embedded/embedded-store.ts'
import { KEYS, type RunningStore } from '../e2e/support/servers.ts'
import { startServer } from '../support/local-server.ts'
import { deriveLevel } from './level.ts'
import { probeConditions } from './probe/conditions.ts'
import { Lab, unquoted } from './probe/lab.ts'
import { openLab, probeRaw } from './raw-probe.ts'
import { rawClient } from './raw-client.ts'

const running = (endpoint: string): RunningStore => {
  const nothing = async (): Promise<void> => undefined
  return { name: 'here', endpoint, ...KEYS, region: 'us-east-1', leave: nothing, comeBack: nothing, stop: nothing }
}

/**
 * A store of objects without any conditions; or one that looks first and writes then, and of which two writers who race
 * have always looked before one of them writes.
 */
async function startCareless(looksFirst: boolean) {
  const objects = new Map<string, { readonly body: Buffer; readonly etag: string }>()
  let waiting: (() => void) | undefined
  const other = async (): Promise<void> => {
    const release = waiting
    waiting = undefined
    if (release !== undefined) release()
    else await new Promise<void>((resolve) => (waiting = resolve))
  }
  return startServer(async (message, answer) => {
    const [key = ''] = (message.url ?? '').split('?')
    const body = await buffer(message)
    const there = objects.get(key)
    const { 'if-match': match, 'if-none-match': none } = message.headers
    if (message.method === 'GET' || message.method === 'HEAD') {
      answer.writeHead(there === undefined ? 404 : 200, there === undefined ? {} : { etag: there.etag })
      return answer.end(message.method === 'GET' ? there?.body : undefined)
    }
    const isRefused =
      (none !== undefined && there !== undefined) || (match !== undefined && !there?.etag.includes(unquoted(match)))
    if (looksFirst && isRefused) return answer.writeHead(412).end()
    if (looksFirst && key.includes('/race/') && (match ?? none) !== undefined) await other()
    if (message.method === 'DELETE') objects.delete(key)
    else objects.set(key, { body, etag: `"${createHash('md5').update(body).digest('hex')}"` })
    return answer.writeHead(message.method === 'DELETE' ? 204 : 200).end()
  })
}

describe('the raw probe', () => {
  it('finds the embedded store exact', async function () {
    this.timeout(120_000)
    const folder = await mkdtemp(join(tmpdir(), 'raw-probe-'))
    const keys = { accessKey: KEYS.accessKeyId, secretKey: KEYS.secretAccessKey }
    const embedded = await startEmbeddedStore({ folder, ...keys })
    try {
      const store = running(embedded.endpoint)
      const record = await probeRaw(await openLab(store), store, 2)
      assert.deepEqual(deriveLevel(record), { level: 'exact', why: [] })
      const { words } = record
      assert.deepEqual(
        [words['remove-race'], words['get-suffix'], words['checksum-wrong'], words['late-put'], words['bodies-read']],
        ['one winner', '206, exact', '400 BadDigest', '403 AccessDenied', 'whole'],
      )
    } finally {
      await embedded.close()
      await rm(folder, { recursive: true })
    }
  })

  it('sees that conditions are ignored', async () => {
    const server = await startCareless(false)
    try {
      const { words } = await probeConditions(new Lab(rawClient(running(server.url)), 'bucket'), 1)
      assert.deepEqual(
        [
          words['create-existing'],
          words['swap-stale'],
          words['swap-missing'],
          words['remove-stale'],
          words['create-race'],
        ],
        ['200, overwrites', '200, overwrites', '200', '204, gone', 'several winners'],
      )
    } finally {
      await server.close()
    }
  })

  it('sees that several writers win', async () => {
    const server = await startCareless(true)
    try {
      const { races, words } = await probeConditions(new Lab(rawClient(running(server.url)), 'bucket'), 2)
      assert.deepEqual(
        [words['create-existing'], words['swap-stale'], words['remove-stale']],
        ['412', '412', '412, kept'],
      )
      for (const race of ['create', 'swap', 'remove'] as const) {
        assert.equal(words[`${race}-race`], 'several winners')
        assert.deepEqual([races[race].bad, races[race].most], [2, 2])
      }
    } finally {
      await server.close()
    }
  })
})
