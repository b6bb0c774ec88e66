import assert from 'node:assert/strict'
import { type IncomingMessage, type ServerResponse, request } from 'node:http'
import { levelOf } from '../../../lib/core/check/probe-report.ts'
import { parseRepositoryUrl } from '../../../lib/core/keys.ts'
import { probeStore } from '../../../lib/protocol/check/probe-store.ts'
import { PAGING } from '../../../lib/protocol/session/limits.ts'
import { createSession } from '../../../lib/protocol/open-session.ts'
import { createS3Store } from '../../../lib/store/s3/store.ts'
import { systemClock } from '../../../lib/sys/clock.ts'
import { systemRandom } from '../../../lib/sys/random.ts'
import { useEmbeddedBucket } from '../../support/embedded-bucket.ts'
import { answerWith, startServer } from '../../support/local-server.ts'
import { localConfig } from '../../support/s3-buckets.ts'

const KEYS = { accessKeyId: 'probe', secretAccessKey: 'secret' }
const ROUNDS = 2

describe('a probe of a store over HTTP', () => {
  const embedded = useEmbeddedBucket(KEYS)

  const probe = async (endpoint: string, paging = PAGING): ReturnType<typeof probeStore> => {
    const store = await createS3Store(localConfig({ endpoint, ...KEYS }), 'bucket')
    const location = parseRepositoryUrl('s3://bucket/charts')
    const session = createSession({ store, location, clock: systemClock, random: systemRandom, origin: {}, paging })
    const report = await probeStore(session, ROUNDS)
    assert.deepEqual((await store.list('')).objects, [])
    return report
  }

  it('finds everything exact in the embedded store, on several pages of keys that need to be encoded', async () => {
    const { create, remove, swap, ...report } = await probe(embedded().endpoint)
    for (const { keeping, rounds } of [create, remove, swap]) assert.deepEqual([keeping, rounds], ['exact', ROUNDS])
    assert.equal(levelOf({ create, remove, swap, ...report }), 'exact')
    assert.deepEqual(report, {
      rounds: ROUNDS,
      etags: 'quoted',
      comparesChecksums: true,
      showsAtOnce: true,
      listings: { fault: undefined, isPaged: true },
      bodies: undefined,
      reads: { unchanged: true, range: true, end: true },
      composing: { copy: 'exact', swap: 'exact', create: 'exact' },
      clocks: { apart: 0, lastModified: report.clocks.lastModified },
    })
    assert.ok(Math.abs(report.clocks.lastModified) <= 5000)
  })

  it('sees that ETags are recognised only without quotes, that a DELETE takes none, and that there is one page', async () => {
    const front = await startServer((incoming, answer) => {
      const match = incoming.headers['if-match']
      const isDelete = incoming.method === 'DELETE'
      const isNextPage = incoming.url?.includes('continuation-token=') === true
      if (match?.startsWith('"') === true && incoming.method === 'PUT')
        refuse(incoming, answer, 412, 'PreconditionFailed')
      else if ((isDelete && match !== undefined) || isNextPage) refuse(incoming, answer, 501, 'NotImplemented')
      else forward(embedded().endpoint, incoming, answer)
    })
    try {
      const report = await probe(front.url, { ...PAGING, parts: { ...PAGING.parts, least: 64 * 1024 } })
      assert.deepEqual([report.etags, report.create.keeping, report.swap.keeping], ['bare', 'exact', 'exact'])
      assert.equal(report.remove.keeping, 'refused')
      assert.match(report.listings.fault ?? '', /NotImplemented/)
      assert.equal(levelOf(report), 'unsafe')
    } finally {
      await front.close()
    }
  })
})

function refuse(incoming: IncomingMessage, answer: ServerResponse, status: number, code: string): void {
  incoming.resume()
  answerWith(answer, status, `<Error><Code>${code}</Code></Error>`)
}

function forward(store: string, incoming: IncomingMessage, answer: ServerResponse): void {
  const { headers, method, url } = incoming
  const outgoing = request(new URL(url ?? '/', store), { method, headers }, (reply) => {
    answer.writeHead(reply.statusCode ?? 500, reply.headers)
    reply.pipe(answer)
  })
  outgoing.once('error', () => incoming.socket.destroy())
  incoming.pipe(outgoing)
}
