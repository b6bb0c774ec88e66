import assert from 'node:assert/strict'
import { type Key, type RepositoryLocation, archiveKey, asKey, repositoryAt } from '../../../lib/core/keys.ts'
import { type IndexText, readIndexText } from '../../../lib/core/index/index-text.ts'
import { type VersionId, versionKey } from '../../../lib/core/log/entry.ts'
import { type PutOptions, listAll } from '../../../lib/store/object-store.ts'
import { sha256 } from '../../../lib/sys/sha256.ts'
import type { MadeChart } from '../../e2e/support/schedules.ts'
import type { Result, Running } from '../../e2e/support/run.ts'
import type { Workplace } from '../../e2e/support/workplace.ts'
import { entriesOf } from './audit.ts'
import { Ledger } from './ledger.ts'
import { type Snapshot, readSnapshot } from './snapshot.ts'

/** What the exit codes and texts of a refusal are to be. */
export interface Refusal {
  readonly status: number
  /** With `--exit-codes fine`. Absent: not tried. */
  readonly fine?: number
  readonly stderr: RegExp
}

/**
 * One repository of the bucket, below a prefix of its own. In command lines `REPO` stands for its URL; the state of the
 * bucket is what its adapter reads, never what a command says.
 */
export class Repository {
  readonly at: Workplace
  readonly url: string
  readonly location: RepositoryLocation
  readonly ledger = new Ledger()
  /** Whether it holds more objects than a page of a listing. */
  isLong = false
  readonly #remark: (text: string) => void

  /** `remark`: is told what a command says on stderr although all is well. */
  constructor(at: Workplace, name: string, remark: (text: string) => void) {
    this.at = at
    this.url = `s3://${at.bucket}/${name}`
    this.location = repositoryAt(at.bucket, `${name}/`)
    this.#remark = remark
  }

  start(line: string, env: Readonly<Record<string, string>> = {}): Running {
    return this.at.startProgram(line.replaceAll('REPO', this.url), { ...LIMITS, TMPDIR: this.at.path('tmp'), ...env })
  }

  run(line: string, env: Readonly<Record<string, string>> = {}): Promise<Result> {
    return this.start(line, env).result
  }

  /** Runs a command that has to succeed. @returns its stdout */
  async ok(line: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
    return this.wellDone(line, await this.run(line, env))
  }

  /** @returns stdout of a command that has succeeded; what it says on stderr is remarked */
  wellDone(line: string, { status, stderr, stdout }: Result): string {
    assert.equal(status, 0, `${line} ends with ${String(status)}: ${stderr}${stdout}`)
    if (stderr !== '') this.#remark(`${line.slice(0, 80)} says: ${stderr.slice(0, 300)}`)
    return stdout
  }

  /** As {@link ok}, with `--verbose`. @returns its stderr */
  async verbosely(line: string): Promise<string> {
    const { status, stderr } = await this.run(`${line} --verbose`)
    assert.equal(status, 0, `${line} ends with ${String(status)}: ${stderr}`)
    return stderr
  }

  async json<T>(line: string): Promise<T> {
    return JSON.parse(await this.ok(`${line} -o json`)) as T
  }

  /** A command is refused as its documents say, and changes no object. */
  async refuses(line: string, { fine, status, stderr }: Refusal): Promise<void> {
    const before = await this.listing()
    const plain = await this.run(line)
    assert.deepEqual([plain.status, plain.stdout], [status, ''], `${line}: ${plain.stderr}`)
    assert.match(plain.stderr, stderr)
    if (fine !== undefined) {
      const told = await this.run(`${line} --exit-codes fine`)
      assert.deepEqual([told.status, told.stdout], [fine, ''], `${line} --exit-codes fine: ${told.stderr}`)
    }
    assert.deepEqual(await this.listing(), before, `${line} has changed the bucket`)
  }

  /** Pushes these charts in one call, and takes note of them. */
  async push(charts: readonly MadeChart[], flags = ''): Promise<void> {
    await this.ok(pushLine(charts, flags))
    this.ledger.acknowledge(...charts)
  }

  /** What the program gives Helm. */
  async asHelmGetsIt(): Promise<IndexText> {
    return readIndexText(Buffer.from(await this.ok('download    REPO/index.yaml')))
  }

  snapshot(withArchives = false): Promise<Snapshot> {
    return readSnapshot(this.at.store, this.location, withArchives)
  }

  /** `KEY ETAG` of all objects of the repository. */
  async listing(): Promise<readonly string[]> {
    const { objects } = await listAll(this.at.store, this.location.prefix)
    return objects.map(({ etag, key }) => `${key} ${etag}`)
  }

  /** The names below the prefix. */
  async names(): Promise<readonly string[]> {
    const { objects } = await listAll(this.at.store, this.location.prefix)
    return objects.map(({ key }) => key.slice(this.location.prefix.length))
  }

  key(name: string): Key {
    return asKey(this.location.prefix + name)
  }

  async body(name: string): Promise<Buffer | undefined> {
    const object = await this.at.store.get(this.key(name))
    return object && Buffer.from(object.body)
  }

  /** Puts an object by hand. */
  async put(name: string, body: Uint8Array, options: Partial<PutOptions> = {}): Promise<void> {
    const put = await this.at.store.put(this.key(name), body, { when: 'always', ...options })
    assert.equal(put.outcome, 'written', `the store does not take ${name}`)
  }

  async removeByHand(names: readonly string[]): Promise<void> {
    for (const name of names) await this.at.store.delete(this.key(name))
  }

  /** These charts are in the merged index, in what Helm gets and in the bucket, each with its digest. */
  async stand(...charts: readonly (VersionId & { readonly digest: string })[]): Promise<void> {
    const { merged } = await this.snapshot()
    const given = await this.asHelmGetsIt()
    const line = ({ digest, name, version }: VersionId & { readonly digest: string }): string =>
      `${name} ${version} ${digest}`
    const found = await Promise.all(
      charts.map(async (chart) => ({
        ...chart,
        archive: await this.at.store.get(archiveKey(this.location, chart)),
      })),
    )
    const wanted = charts.map(line)
    const inIndex = (index: IndexText | undefined): string[] =>
      charts.map((chart) => line({ ...chart, digest: index?.find(chart)?.digest ?? 'is not in the index' }))
    assert.deepEqual(inIndex(merged), wanted, 'the merged index')
    assert.deepEqual(inIndex(given), wanted, 'the index that Helm gets')
    assert.deepEqual(
      found.map(({ archive, ...chart }) => line({ ...chart, digest: archive ? sha256(archive.body) : 'no archive' })),
      wanted,
      'the archives',
    )
  }

  /** None of these is in an index, nor is its archive in the bucket. */
  async areGone(...charts: readonly VersionId[]): Promise<void> {
    const { merged, objects } = await this.snapshot()
    const given = await this.asHelmGetsIt()
    for (const chart of charts) {
      const what = `${chart.name} ${chart.version}`
      assert.equal(merged?.find(chart), undefined, `${what} is in the merged index`)
      assert.equal(given.find(chart), undefined, `Helm gets ${what}`)
      assert.ok(!objects.has(archiveKey(this.location, chart)), `the archive of ${what} is there`)
    }
  }

  /** The index holds exactly what the ledger says. */
  async holdsItsLedger(): Promise<void> {
    const { merged } = await this.snapshot()
    const inIndex = new Set((merged === undefined ? [] : entriesOf(merged)).map(versionKey))
    const wanted = new Set([...this.ledger.standing, ...this.ledger.unbacked].map(versionKey))
    const lost = [...wanted].filter((version) => !inIndex.has(version))
    const strange = [...inIndex].filter((version) => !wanted.has(version))
    const show = (versions: readonly string[]): string => versions.slice(0, 5).join(', ').replaceAll('\0', ' ')
    assert.deepEqual([lost.length, strange.length], [0, 0], `lost: ${show(lost)}; strange: ${show(strange)}`)
  }
}

/** A command that hangs ends within this. */
const LIMITS = { HELM_S3_TIMEOUT: '90s' }

export function pushLine(charts: readonly MadeChart[], flags = ''): string {
  return `push ${charts.map(({ path }) => path).join(' ')} REPO${flags === '' ? '' : ` ${flags}`}`
}
