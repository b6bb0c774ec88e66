import assert from 'node:assert/strict'
import { readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { WORTH_KEEPING } from '../../lib/protocol/session/base-cache.ts'
import { type Key, asKey } from '../../lib/core/keys.ts'
import { main } from '../../lib/cli/main.ts'
import type { StoredObject } from '../../lib/store/object-store.ts'
import { createS3Store } from '../../lib/store/s3/store.ts'
import { systemClock } from '../../lib/sys/clock.ts'
import { systemRandom } from '../../lib/sys/random.ts'
import { useEmbeddedBucket } from '../support/embedded-bucket.ts'
import { answerWith, startServer } from '../support/local-server.ts'
import { useProcessEnvironment } from '../support/process-environment.ts'
import { useProgram } from '../support/program.ts'
import { localConfig } from '../support/s3-buckets.ts'

const URI = 's3://acme/charts'

interface Download {
  readonly stdout: string
  readonly sent: number
  readonly spared: number
  readonly bytes: number
}

describe('reading an index again', () => {
  const program = useProgram()
  const filler = '#'.repeat(WORTH_KEEPING)

  /**
   * What a download prints, and how often the store sent the bytes of `index.yaml`, how often it had none to send, and
   * how many bytes of parts of it it sent.
   */
  async function download(): Promise<Download> {
    let [sent, spared, bytes] = [0, 0, 0]
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
      getTail: async (key, last, etag) => {
        const answer = await bucket.getTail(key, last, etag)
        if (answer !== undefined && 'unchanged' in answer) spared++
        else if (answer?.body.length === answer?.size) sent++
        else bytes += answer?.body.length ?? 0
        return answer
      },
      getRange: async (key, range, etag) => {
        bytes += range.end - range.start
        return bucket.getRange(key, range, etag)
      },
    })
    const stdout = await program.ok('download', '', '', '', `${URI}/index.yaml`)
    program.fail({})
    return { stdout, sent, spared, bytes }
  }

  const pushBig = async (): Promise<void> => {
    await program.ok('init', URI)
    await program.ok(
      'push',
      await program.chart('big', '1.0.0', {
        'Chart.yaml': `apiVersion: v2\nname: big\nversion: 1.0.0\ndescription: "${filler}"\n`,
      }),
      URI,
    )
  }

  it('does not fetch the bytes of an unchanged base, and still merges pending deltas', async () => {
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

  it('fetches a base that has changed, and one whose cached bytes are damaged', async () => {
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

  it('fetches only the pages of a large base that have changed, however many changes there are between two reads', async () => {
    await program.ok('init', URI)
    const describe = (text: string): Readonly<Record<string, string>> => ({
      'Chart.yaml': `apiVersion: v2\nname: NAME\nversion: 1.0.0\ndescription: "${text.repeat(60_000)}"\n`,
    })
    const names = Array.from({ length: 40 }, (_, i) => `chart-${String(i).padStart(2, '0')}`)
    const archive = async (name: string, version: string): Promise<string> =>
      program.chart(name, version, {
        'Chart.yaml': describe('#')['Chart.yaml']?.replace('NAME', name).replace('1.0.0', version) ?? '',
      })
    await program.ok('push', ...(await Promise.all(names.map((name) => archive(name, '1.0.0')))), URI)
    const first = await download()
    assert.deepEqual([first.sent, first.bytes], [1, 0])
    for (const name of ['chart-02', 'chart-09']) await program.ok('push', await archive(name, '2.0.0'), URI)
    const second = await download()
    const { size = 0 } = (await program.bucket.head(asKey('charts/index.yaml'))) ?? {}
    assert.ok(
      second.sent === 0 && second.bytes > 400_000 && second.bytes < size * 0.8,
      JSON.stringify([second.sent, second.bytes, size]),
    )
    assert.equal(
      second.stdout,
      Buffer.from((await program.bucket.get(asKey('charts/index.yaml')))?.body ?? []).toString(),
    )
    assert.deepEqual({ ...(await download()), stdout: '' }, { stdout: '', sent: 0, spared: 1, bytes: 0 })

    // A page that is damaged on this machine is fetched with those that have changed.
    const [file = ''] = readdirSync(program.path('cache', 'helm-s3'))
    const path = program.path('cache', 'helm-s3', file)
    const kept = readFileSync(path)
    kept.writeUInt8(0x21, kept.indexOf('"chart-30":[') + 200)
    writeFileSync(path, kept)
    await program.ok('push', await archive('chart-05', '2.0.0'), URI)
    const third = await download()
    assert.ok(third.sent === 0 && third.bytes < size * 0.8, JSON.stringify([third.sent, third.bytes, size]))
    assert.equal(
      third.stdout,
      Buffer.from((await program.bucket.get(asKey('charts/index.yaml')))?.body ?? []).toString(),
    )
  })

  it('uses cached bytes only for the store that sent them: the same URL and ETag may mean other bytes at another store', async () => {
    await pushBig()
    const before = await download()
    const key = asKey('charts/index.yaml')
    const real = await program.bucket.get(key)
    assert.ok(real)
    const hostile = Buffer.from(
      Buffer.from(real.body).toString().replace('"big":[', '"evil":[').replace('"name":"big"', '"name":"evil"'),
    )
    const read = async (): Promise<StoredObject> => ({ ...real, body: hostile })
    program.fail({
      place: 'hostile',
      get: async (name, options) => (name === key ? read() : program.bucket.get(name, options)),
      getUnless: read,
      getTail: read,
    })
    assert.match(await program.ok('download', '', '', '', `${URI}/index.yaml`), /"evil":\[/)
    program.fail({})
    const after = await download()
    assert.deepEqual(after, { ...before, sent: 0, spared: 1 })
  })

  it('caches nothing for a store that cannot be told from others', async () => {
    await pushBig()
    program.fail({ place: undefined } as object)
    await program.ok('download', '', '', '', `${URI}/index.yaml`)
    assert.deepEqual(readdirSync(program.path('cache')), [])
  })

  it('caches nothing of a small index', async () => {
    await program.ok('init', URI)
    await download()
    assert.deepEqual(readdirSync(program.path('cache')), [])
  })
})

describe('an index that another endpoint sent under the same URL and ETag', () => {
  const keys = { accessKeyId: 'EXAMPLEKEY123', secretAccessKey: 'EXAMPLESECRET123456' }
  const embedded = useEmbeddedBucket(keys)
  const program = useProgram()
  const setVariables = useProcessEnvironment()
  const uri = 's3://bucket/charts'

  async function run(endpoint: string, ...argv: readonly string[]): Promise<string> {
    const env = {
      ...program.env,
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    }
    setVariables({ HOME: program.path() })
    const said = { stdout: '', stderr: '' }
    const sink = (name: keyof typeof said) => ({
      isTerminal: false,
      write: async (chunk: string | Uint8Array) => void (said[name] += Buffer.from(chunk).toString()),
    })
    const io = {
      stdin: { isTerminal: true, chunks: () => ({}) as AsyncIterable<Uint8Array> },
      stdout: sink('stdout'),
      stderr: sink('stderr'),
    }
    const wiring = { clock: systemClock, random: systemRandom, host: undefined }
    const createStore = ({
      bucket,
      connection,
      ...options
    }: Parameters<Parameters<typeof main>[3]['createStore']>[0]) => createS3Store(connection, bucket, options)
    const status = await main(argv, env, io, { ...wiring, createStore })
    assert.deepEqual([status, said.stderr], [0, ''], argv.join(' '))
    return said.stdout
  }

  it('is not written into the real repository by a push', async () => {
    const real = embedded().endpoint
    const filler = '#'.repeat(WORTH_KEEPING)
    await run(real, 'init', uri)
    await run(
      real,
      'push',
      await program.chart('big', '1.0.0', {
        'Chart.yaml': `apiVersion: v2\nname: big\nversion: 1.0.0\ndescription: "${filler}"\n`,
      }),
      uri,
    )
    const store = await createS3Store(localConfig({ endpoint: real, ...keys }), 'bucket')
    const index = await store.get(asKey('charts/index.yaml'))
    assert.ok(index)
    const evil = Buffer.from(index.body)
      .toString()
      .replace('"big":[', '"evil":[')
      .replace('"name":"big"', '"name":"evil"')
    const hostile = await startServer((message, answer) => {
      if (message.url?.includes('list-type=2') === true)
        answerWith(
          answer,
          200,
          '<ListBucketResult><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>',
        )
      else
        answerWith(answer, 200, evil, {
          etag: index.etag,
          'last-modified': new Date(index.lastModified).toUTCString(),
          'content-length': String(Buffer.byteLength(evil)),
        })
    })
    try {
      assert.match(await run(real, 'list', `${uri}?endpoint=${hostile.url}`), /^evil /m)
    } finally {
      await hostile.close()
    }
    await run(real, 'push', await program.chart('app', '1.0.0'), uri)
    assert.match(await run(real, 'list', uri), /^app .*\nbig /m)
    assert.doesNotMatch(Buffer.from((await store.get(asKey('charts/index.yaml')))?.body ?? []).toString(), /evil/)
  })
})
