import { archiveKey, parseRepositoryUrl } from '../../lib/core/keys.ts'
import { archiveMetadata } from '../../lib/core/object-metadata.ts'
import type { ChartUpload } from '../../lib/protocol/archives/chart-upload.ts'
import { type PushOptions, type PushResult, pushCharts } from '../../lib/protocol/push/push.ts'
import { createSession } from '../../lib/protocol/open-session.ts'
import type { Session } from '../../lib/protocol/session/session.ts'
import type { ReindexOptions } from '../../lib/protocol/reindex/reindex.ts'
import { initRepository } from '../../lib/protocol/base/init.ts'
import { MemoryStore, type MemoryStoreOptions } from '../../lib/store/memory-store.ts'
import type { MultipartUploads, ObjectStore } from '../../lib/store/object-store.ts'
import type { Clock } from '../../lib/sys/clock.ts'
import { systemRandom } from '../../lib/sys/random.ts'
import { sha256 } from '../../lib/sys/sha256.ts'
import { alteredStore } from '../../lib/store/altered-store.ts'

const PLAIN: PushOptions = {
  force: false,
  ignoreIfExists: false,
  dryRun: false,
  relative: true,
  contentType: 'application/gzip',
}

/** A reindex without any flag. */
export const PLAIN_REINDEX: ReindexOptions = {
  relative: true,
  full: false,
  strict: false,
  rebuild: false,
  dryRun: false,
  concurrency: 8,
}

/** The clock of one client. It shows the store's time until it is set or stopped. Milliseconds. */
export class ClientClock implements Clock {
  readonly #repository: Repository
  #wall = 0
  #monotonic = 0
  #stoppedAt: number | undefined

  constructor(repository: Repository) {
    this.#repository = repository
  }

  now(): number {
    return (this.#stoppedAt ?? this.#repository.now) + this.#wall
  }

  monotonic(): number {
    return (this.#stoppedAt ?? this.#repository.now) + this.#monotonic
  }

  async sleep(milliseconds: number): Promise<void> {
    this.#repository.pass(milliseconds)
  }

  /** Moves the wall clock by this much; the monotonic clock stays as it is. */
  step(milliseconds: number): void {
    this.#wall += milliseconds
  }

  /** Stops both clocks while `during` runs, as when a laptop sleeps. */
  async standStill(during: () => Promise<unknown>): Promise<void> {
    this.#stoppedAt = this.#repository.now
    await during()
    const missed = this.#repository.now - this.#stoppedAt
    this.#stoppedAt = undefined
    this.#wall -= missed
    this.#monotonic -= missed
  }
}

/** A repository in memory, with a clock that moves only when a client sleeps, and a list of all requests. */
export class Repository {
  readonly location = parseRepositoryUrl('s3://bucket/charts')
  readonly requests: string[] = []
  readonly bucket: MemoryStore
  /** The notices of all sessions. */
  readonly notices: string[] = []
  #now = 1_700_000_000_000

  constructor(options: Partial<MemoryStoreOptions> = {}) {
    this.bucket = new MemoryStore({ now: () => this.#now, ...options })
  }

  /** The store's clock, milliseconds since 1970. */
  get now(): number {
    return this.#now
  }

  static async initialised(options: Partial<MemoryStoreOptions> = {}): Promise<Repository> {
    const repository = new Repository(options)
    await initRepository(repository.session(), { form: 'json', force: false })
    repository.requests.length = 0
    return repository
  }

  /** A session for a new command of another client. `change`: the methods in which its store differs. */
  session(change: Partial<ObjectStore> = {}, clock: Clock = new ClientClock(this)): Session {
    const notice = (line: string): void => void this.notices.push(line)
    return createSession({
      store: this.#noting(change),
      location: this.location,
      clock,
      random: systemRandom,
      origin: {},
      notice,
    })
  }

  pass(milliseconds: number): void {
    this.#now += milliseconds
  }

  /** Puts an archive as an old client does, without a delta. */
  async place(chart: ChartUpload): Promise<void> {
    const metadata = archiveMetadata({ metadata: chart.metadata, digest: chart.digest, delta: undefined })
    await this.bucket.put(archiveKey(this.location, chart), chart.bytes, { when: 'always', metadata })
    this.pass(2000)
  }

  push(
    uploads: readonly ChartUpload[],
    options: Partial<PushOptions> = {},
    session = this.session(),
  ): Promise<PushResult> {
    return pushCharts(session, uploads, { ...PLAIN, ...options })
  }

  #noting(change: Partial<ObjectStore>): ObjectStore {
    const { bucket, requests } = this
    const note = (method: string, key: string): void =>
      void requests.push(`${method} ${key.replace('charts/', '').replace(/[0-7][0-9A-Z]{25}/, 'ULID')}`)
    const store = alteredStore(bucket, change)
    const { uploads } = store
    return {
      ...(store.place === undefined ? {} : { place: store.place }),
      ...(uploads === undefined ? {} : { uploads: notingUploads(uploads, note) }),
      ...(store.place === undefined ? {} : { place: store.place }),
      list: (prefix, options) => (note('LIST', prefix), store.list(prefix, options)),
      get: (key, options) => (note('GET', key), store.get(key, options)),
      getUnless: (key, etag) => (note('GET unless', key), store.getUnless(key, etag)),
      getTail: (key, last, unless) => (note('TAIL', key), store.getTail(key, last, unless)),
      getRange: (key, range, match) => (note('RANGE', key), store.getRange(key, range, match)),
      head: (key) => (note('HEAD', key), store.head(key)),
      put: (key, body, options) => (note('PUT', key), store.put(key, body, options)),
      delete: (key, options) => (note('DELETE', key), store.delete(key, options)),
      stream: (key) => store.stream(key),
      listVersions: (key) => (note('VERSIONS', key), store.listVersions(key)),
    }
  }
}

function notingUploads(uploads: MultipartUploads, note: (method: string, key: string) => void): MultipartUploads {
  return {
    begin: (key, options) => (note('BEGIN', key), uploads.begin(key, options)),
    copyPart: (upload, number, source) => (note('COPY PART', upload.key), uploads.copyPart(upload, number, source)),
    sendPart: (upload, number, body) => (note('PART', upload.key), uploads.sendPart(upload, number, body)),
    complete: (upload, parts, options) => (note('COMPLETE', upload.key), uploads.complete(upload, parts, options)),
    abort: (upload) => (note('ABORT', upload.key), uploads.abort(upload)),
    list: (prefix) => (note('UPLOADS', prefix), uploads.list(prefix)),
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
