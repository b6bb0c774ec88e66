import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { main } from '../../../lib/cli/main.ts'
import { asKey } from '../../../lib/core/keys.ts'
import { readIndexText } from '../../../lib/core/index/index-text.ts'
import { encodeDelta } from '../../../lib/core/log/delta-text.ts'
import { makeDeltaId } from '../../../lib/core/log/delta-id.ts'
import { archiveMetadata } from '../../../lib/core/object-metadata.ts'
import { MemoryStore } from '../../../lib/store/memory-store.ts'
import { isHiding } from '../../../lib/text/terminal-text.ts'
import { chartYaml, tar } from '../../support/archives.ts'
import { entry, indexOf, removal } from '../../support/builders.ts'
import { SeededRandom } from '../../simulation/seeded-random.ts'
import type { FuzzTarget } from '../target.ts'

/** The whole program, over a bucket in which one object is what somebody has written there. */

const START = 1_700_000_000_000
/** Milliseconds. */
const DEADLINE = 60_000
const INDEX = asKey('charts/index.yaml')
const GOOD = indexOf(entry('app', '1.0.0'), entry('app', '0.9.0', 'b'), entry('web', '0.2.0'))

let home: string | undefined

class Repository {
  readonly bucket: MemoryStore
  #now = START

  constructor() {
    this.bucket = new MemoryStore({ now: () => this.#now })
  }

  async put(key: string, body: Uint8Array, metadata: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.bucket.put(asKey(key), body, { when: 'always', metadata })
  }

  /** Pauses take no time. What sleeps longer is the deadline of a command, which never comes. */
  async #sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    if (ms < DEADLINE) this.#now += ms
    else await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)))
  }

  /** Runs a command, which may refuse, but must not break. @returns what it printed as JSON */
  async run(...argv: readonly string[]): Promise<unknown> {
    home ??= mkdtempSync(join(tmpdir(), 'helm-s3-fuzz-home-'))
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []]
    const sink = (to: Buffer[]): { isTerminal: false; write: (chunk: string | Uint8Array) => Promise<void> } => {
      return { isTerminal: false, write: async (chunk) => void to.push(Buffer.from(chunk)) }
    }
    const stdin = { isTerminal: true, chunks: () => Readable.from([]) }
    const env = { HOME: home, HELM_REPOSITORY_CONFIG: join(home, 'none.yaml'), USER: 'tester' }
    const io = { stdin, stdout: sink(stdout), stderr: sink(stderr) }
    const clock = {
      now: () => this.#now,
      monotonic: () => this.#now,
      sleep: (ms: number, signal?: AbortSignal) => this.#sleep(ms, signal),
    }
    const status = await main(argv, env, io, {
      clock,
      random: new SeededRandom(1),
      host: 'host',
      createStore: async () => this.bucket,
    })
    const [out, said] = [Buffer.concat(stdout).toString(), Buffer.concat(stderr).toString()]
    assert.ok(status === 0 || status === 1 || status === 3, `${argv.join(' ')}: status ${String(status)}`)
    assert.doesNotMatch(said, /unexpected: |not done after|unknown flag|received \d+/, argv.join(' '))
    assert.ok(!isHiding(said), said)
    if (status === 0 && argv.includes('json')) return JSON.parse(out)
    return out
  }
}

const REPO = 's3://acme/charts'

/** What changes nothing. */
async function look(repository: Repository): Promise<void> {
  await repository.run('list', REPO, '--all-versions', '--devel', '-o', 'json')
  await repository.run('list', REPO)
  await repository.run('status', REPO, '-o', 'json')
  await repository.run('log', REPO, '-o', 'json')
  await repository.run('download', '', '', '', `${REPO}/index.yaml`)
  await repository.run('fetch', 'app', REPO, '--version', '1.0.0', '--destination', home ?? '')
}

const DELTA_ID = makeDeltaId(START - 1000, new Uint8Array(10))

export const WHOLE_TARGETS: Readonly<Record<string, FuzzTarget>> = {
  'bucket-index': {
    corpus: () => [GOOD.toBytes(), GOOD.toForm('yaml').toBytes()],
    take: async (bytes) => {
      const repository = new Repository()
      await repository.put(INDEX, bytes)
      await look(repository)
      await repository.run('check', REPO, '-o', 'json')
      await repository.run('delete', 'app', REPO, '--version', '0.9.0')
      await repository.run('check', REPO, '--fix', '--allow-lost-entries', '-o', 'json')
    },
    share: 0.05,
  },
  'bucket-delta': {
    corpus: () => [
      encodeDelta({
        added: [{ entry: entry('app', '2.0.0'), ifAbsent: false }],
        removed: [removal('app', '0.9.0', 'b')],
        origin: { user: 'ci', command: 'push' },
      }),
      Buffer.from('apiVersion: v1\naddedIfAbsent:\n  app: [{name: app, version: 3.0.0, urls: [app-3.0.0.tgz]}]\n'),
    ],
    take: async (bytes) => {
      const repository = new Repository()
      await repository.put(INDEX, GOOD.toBytes())
      await repository.put(`charts/index.d/${DELTA_ID}.yaml`, bytes)
      await look(repository)
      await repository.run('compact', REPO)
      const written = await repository.bucket.get(INDEX)
      const index = readIndexText(written?.body ?? Buffer.alloc(0))
      for (const name of index.chartNames()) index.versions(name)
      await repository.run('check', REPO, '-o', 'json')
    },
    share: 0.05,
  },
  'bucket-archive': {
    corpus: () => [tar(chartYaml(), { name: 'app/values.yaml', content: 'a: 1\n' })],
    take: async (files) => {
      const bytes = gzipSync(files, { level: 1 })
      const repository = new Repository()
      await repository.put(INDEX, GOOD.toBytes())
      const metadata = archiveMetadata({
        metadata: { name: 'app', version: '1.0.0', apiVersion: 'v2' },
        digest: 'a'.repeat(64),
        delta: DELTA_ID,
      })
      await repository.put('charts/app-1.0.0.tgz', bytes)
      await repository.put('charts/web-0.2.0.tgz', bytes, {
        ...metadata,
        'chart-metadata': files.toString('latin1').slice(0, 500),
      })
      await repository.run('check', REPO, '--deep', '-o', 'json')
      await repository.run('reindex', REPO, '--full', '-o', 'json')
      await repository.run('prune', REPO, '--orphans', '--dry-run', '-o', 'json')
      await look(repository)
    },
    share: 0.05,
  },
}
