import { parseRepositoryUrl } from '../../lib/core/keys.ts'
import type { ChartUpload } from '../../lib/protocol/chart-upload.ts'
import { type PushOptions, type PushResult, pushCharts } from '../../lib/protocol/push.ts'
import { type Session, createSession } from '../../lib/protocol/session.ts'
import { initRepository } from '../../lib/protocol/init.ts'
import { MemoryStore } from '../../lib/store/memory-store.ts'
import type { ObjectStore } from '../../lib/store/object-store.ts'
import type { Clock } from '../../lib/sys/clock.ts'
import { systemRandom } from '../../lib/sys/random.ts'
import { sha256 } from '../../lib/sys/sha256.ts'
import { alteredStore } from '../support/altered-store.ts'

const PLAIN: PushOptions = { force: false, ignoreIfExists: false, dryRun: false, relative: true, contentType: 'application/gzip' }

/** A repository in memory, a clock that stands until somebody sleeps, and a note of every request. */
export class Repository {
  readonly location = parseRepositoryUrl('s3://bucket/charts')
  readonly requests: string[] = []
  readonly bucket: MemoryStore
  #now = 1_700_000_000_000

  constructor() {
    this.bucket = new MemoryStore({ now: () => this.#now })
  }

  static async initialised(): Promise<Repository> {
    const repository = new Repository()
    await initRepository(repository.session(), { form: 'json', force: false })
    repository.requests.length = 0
    return repository
  }

  /** A new command, by a client of its own. `change`: what its store does otherwise. */
  session(change: Partial<ObjectStore> = {}): Session {
    return createSession({ store: this.#noting(change), location: this.location, clock: this.#clock(), random: systemRandom, origin: {} })
  }

  pass(milliseconds: number): void {
    this.#now += milliseconds
  }

  push(uploads: readonly ChartUpload[], options: Partial<PushOptions> = {}, session = this.session()): Promise<PushResult> {
    return pushCharts(session, uploads, { ...PLAIN, ...options })
  }

  #clock(): Clock {
    return {
      now: () => this.#now,
      monotonic: () => this.#now,
      sleep: (milliseconds) => {
        this.#now += milliseconds
        return Promise.resolve()
      },
    }
  }

  #noting(change: Partial<ObjectStore>): ObjectStore {
    const { bucket, requests } = this
    const note = (method: string, key: string): void =>
      void requests.push(`${method} ${key.replace('charts/', '').replace(/[0-7][0-9A-Z]{25}/, 'ULID')}`)
    const store = alteredStore(bucket, change)
    return {
      list: (prefix, options) => (note('LIST', prefix), store.list(prefix, options)),
      get: (key, options) => (note('GET', key), store.get(key, options)),
      getUnless: (key, etag) => (note('GET unless', key), store.getUnless(key, etag)),
      head: (key) => (note('HEAD', key), store.head(key)),
      put: (key, body, options) => (note('PUT', key), store.put(key, body, options)),
      delete: (key, options) => (note('DELETE', key), store.delete(key, options)),
      stream: (key) => store.stream(key),
      listVersions: (key) => (note('VERSIONS', key), store.listVersions(key)),
    }
  }
}

export function upload(name: string, version: string, content = 'a', provenance?: string): ChartUpload {
  const bytes = Buffer.from(`${name} ${version} ${content}`)
  return {
    name,
    version,
    digest: sha256(bytes),
    bytes,
    provenance: provenance === undefined ? undefined : Buffer.from(provenance),
    metadata: { name, version, apiVersion: 'v2' },
    source: `${name}-${version}.tgz`,
  }
}
