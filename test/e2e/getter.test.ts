import assert from 'node:assert/strict'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { useWorkplace } from './support/matrix.ts'
import { CHARTS } from './support/workplace.ts'

const PLAIN = join(CHARTS, 'anchor-1.2.3.tgz')
const BUILD = join(CHARTS, 'anchor-1.0.0+build.5.tgz')

describe('the getter that Helm calls', () => {
  const at = useWorkplace('minio')
  beforeEach(async () => {
    await at().programOk(`init ${at().url}`)
    await at().programOk(`push ${PLAIN} ${BUILD} ${at().url} --no-compact`)
  })

  const get = (url: string, env?: Readonly<Record<string, string>>): ReturnType<ReturnType<typeof at>['program']> =>
    at().program(`download    ${url}`, env)

  it('prints the archive on stdout and nothing on stderr', async () => {
    for (const url of [
      'anchor-1.2.3.tgz',
      'anchor-1.0.0+build.5.tgz',
      'anchor-1.0.0%2Bbuild.5.tgz',
      'anchor-1.0.0%252Bbuild.5.tgz',
    ]) {
      const { status, stdout, stderr } = await get(`${at().url}/${url}`)
      assert.deepEqual([status, stderr], [0, ''], url)
      assert.ok(stdout.length > 100, url)
    }
  })

  it('fails with empty stdout for a missing object or index', async () => {
    for (const url of ['anchor-1.2.3.tgz.prov', 'missing.tgz', 'a%zz']) {
      const { status, stdout, stderr } = await get(`${at().url}/${url}`)
      assert.deepEqual([status, stdout], [1, ''], url)
      assert.notEqual(stderr, '')
    }
    const { stderr } = await get(`s3://${at().bucket}/elsewhere/index.yaml`)
    assert.equal(
      stderr,
      `The index file does not exist by the path s3://${at().bucket}/elsewhere/index.yaml. If you haven't ` +
        `initialized the repository yet, try running \`helm s3 init s3://${at().bucket}/elsewhere\``,
    )
  })

  it('finds the provenance file when Helm has appended .prov to the query of the url', async () => {
    await at().programOk(`push ${join(CHARTS, 'anchor-1.3.1.tgz')} ${at().url}`)
    const { stdout } = await get(`${at().url}/anchor-1.3.1.tgz?region=us-east-1.prov`)
    assert.match(stdout, /BEGIN PGP SIGNED MESSAGE/)
  })

  it('serves the plain index to a reader who may not list, and says so', async () => {
    const forbidding = await forbidListing(`http://${String(at().env.AWS_ENDPOINT)}`)
    try {
      const { status, stdout, stderr } = await get(`${at().url}/index.yaml`, { AWS_ENDPOINT: forbidding.address })
      assert.equal(status, 0, stderr)
      assert.equal(stderr.trim().split('\n').length, 1)
      assert.match(stderr, /list/i)
      assert.doesNotMatch(stdout, /anchor/)
    } finally {
      forbidding.close()
    }
  })
})

/** A proxy that answers every listing with 403, as a store does when a client may not list. */
async function forbidListing(store: string): Promise<{ readonly address: string; close(): void }> {
  const server = createServer((incoming, answer) => {
    if (incoming.url?.includes('list-type=2') === true) {
      answer.writeHead(403, { 'content-type': 'application/xml', date: new Date().toUTCString() })
      answer.end('<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied.</Message></Error>')
      return
    }
    const { headers, method, url } = incoming
    const outgoing = request(new URL(url ?? '/', store), { method, headers: { ...headers } }, (reply) => {
      answer.writeHead(reply.statusCode ?? 500, reply.headers)
      reply.pipe(answer)
    })
    incoming.pipe(outgoing)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { address: `127.0.0.1:${String((server.address() as AddressInfo).port)}`, close: () => server.close() }
}
