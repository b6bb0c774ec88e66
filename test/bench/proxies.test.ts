import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type Server, createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { startCountingProxy } from '../../bench/counting-proxy.ts'
import { moveAway } from '../../bench/distance.ts'
import { Lane, type Relay, startRelay } from '../../bench/relay.ts'
import { RequestCounter } from '../../bench/request-counter.ts'

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

  it('count requests and the bytes of their bodies', async () => {
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
    it(`transfer every byte over a distance of ${JSON.stringify(distance)}`, async () => {
      const far = await moveAway(endpoint, distance, undefined)
      try {
        assert.deepEqual(await get(far.endpoint), page)
        assert.deepEqual(await put(far.endpoint), page)
      } finally {
        await far.close()
      }
    })
  }

  /** Sends this text on one connection until the other side ends it. @returns the bytes that came */
  const exchange = async (relay: Relay, text: string): Promise<number> => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(relay.endpoint).port) })
    let received = 0
    socket.on('data', (piece: Buffer) => (received += piece.length))
    socket.write(text)
    await once(socket, 'close')
    return received
  }

  const REQUESTS =
    'PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 22\r\n\r\nGET /no HTTP/1.1\r\n\r\nab' +
    'GET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'

  it('relay every byte, and count bytes and requests since the last count', async () => {
    const relay = await startRelay(endpoint, { roundTrip: 4, bandwidth: 400_000_000 })
    try {
      const received = await exchange(relay, REQUESTS)
      assert.ok(received > page.length)
      assert.deepEqual(relay.take(), { requests: 2, received, sent: REQUESTS.length })
      assert.deepEqual(relay.take(), { requests: 0, received: 0, sent: 0 })
    } finally {
      await relay.close()
    }
  })

  it('count the traffic of several connections together', async () => {
    const relay = await startRelay(endpoint, { roundTrip: 2 })
    try {
      const all = await Promise.all([1, 2, 3].map(() => exchange(relay, REQUESTS)))
      const received = all.reduce((sum, each) => sum + each, 0)
      assert.deepEqual(relay.take(), { requests: 6, received, sent: 3 * REQUESTS.length })
    } finally {
      await relay.close()
    }
  })

  it('delay bytes until earlier bytes of all connections are sent', () => {
    const lane = new Lane(8000)
    assert.deepEqual([lane.send(10, 100), lane.send(5, 102), lane.send(1, 200)], [10, 13, 1])
    const endless = new Lane(undefined)
    assert.deepEqual([endless.send(10, 100), endless.send(5, 100)], [0, 0])
  })

  it('close a connection whose requests cannot be counted', async () => {
    const relay = await startRelay(endpoint, { roundTrip: 2 })
    try {
      assert.equal(await exchange(relay, 'PUT /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'), 0)
    } finally {
      await relay.close()
    }
  })
})

describe('counting requests in what a client sends', () => {
  const TEXT =
    'PUT /a HTTP/1.1\r\ncontent-length: 21\r\n\r\nGET /no HTTP/1.1\r\n\r\n.' +
    'GET /b HTTP/1.1\r\nHost: x\r\n\r\n' +
    'PUT /c HTTP/1.1\r\nContent-Length: 0\r\n\r\n'

  const countIn = (pieces: readonly string[]): number => {
    const counter = new RequestCounter()
    return pieces.reduce((sum, piece) => sum + counter.count(Buffer.from(piece)), 0)
  }

  it('gives the same count wherever the pieces end, and counts no requests in bodies', () => {
    assert.equal(countIn([TEXT]), 3)
    assert.equal(countIn([...TEXT]), 3)
    for (let at = 0; at <= TEXT.length; at++) assert.equal(countIn([TEXT.slice(0, at), TEXT.slice(at)]), 3, String(at))
  })

  it('refuses a body without a Content-Length', () => {
    assert.throws(() => countIn(['PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n']), /no Content-Length/)
  })
})
