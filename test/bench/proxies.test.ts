import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { startCountingProxy } from '../../bench/counting-proxy.ts'
import { moveAway } from '../../bench/distance.ts'

describe('proxies of the bench', () => {
  const page = randomBytes(300_000)
  let server: Server
  let endpoint = ''

  beforeEach(async () => {
    server = createServer((request, response) => {
      const pieces: Buffer[] = []
      request.on('data', (piece: Buffer) => pieces.push(piece))
      request.once('end', () => response.end(request.method === 'PUT' ? Buffer.concat(pieces) : page))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    endpoint = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  })

  afterEach(() => {
    server.close()
    server.closeAllConnections()
  })

  const get = async (url: string): Promise<Buffer> => Buffer.from(await (await fetch(url)).arrayBuffer())
  const put = async (url: string): Promise<Buffer> =>
    Buffer.from(await (await fetch(url, { method: 'PUT', body: page })).arrayBuffer())

  it('counts requests and the bytes of their bodies', async () => {
    const proxy = await startCountingProxy(endpoint)
    try {
      assert.deepEqual(await get(proxy.endpoint), page)
      assert.deepEqual(await put(proxy.endpoint), page)
      assert.deepEqual(proxy.traffic, { requests: 2, received: 600_000, sent: 300_000 })
    } finally {
      await proxy.close()
    }
  })

  for (const distance of [{ roundTrip: 4 }, { roundTrip: 4, bandwidth: 400_000_000 }]) {
    it(`carries every byte over a distance of ${JSON.stringify(distance)}`, async () => {
      const far = await moveAway(endpoint, distance, undefined)
      try {
        assert.deepEqual(await get(far.endpoint), page)
        assert.deepEqual(await put(far.endpoint), page)
      } finally {
        await far.close()
      }
    })
  }
})
