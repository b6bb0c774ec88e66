import assert from 'node:assert/strict'
import { startFaultyProxy } from './faulty-proxy.ts'
import { startServer } from './local-server.ts'

describe('the faulty proxy', () => {
  it('gives an answer that it alters its length, also one that came in chunks', async () => {
    const server = await startServer((_, answer) => {
      answer.write('in ')
      answer.end('chunks')
    })
    const proxy = await startFaultyProxy(server.url)
    try {
      proxy.alter((answer) => ({ ...answer, body: Buffer.from(`${answer.body.toString()}, longer`) }))
      const answer = await fetch(proxy.endpoint)
      assert.equal(await answer.text(), 'in chunks, longer')
      assert.deepEqual(
        ['content-length', 'transfer-encoding'].map((name) => answer.headers.get(name)),
        ['17', null],
      )
    } finally {
      await proxy.close()
      await server.close()
    }
  })
})
