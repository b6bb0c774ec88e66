import assert from 'node:assert/strict'
import { mkdtemp, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type IndexText, readIndexText } from '../../../lib/core/index/index-text.ts'
import { asKey } from '../../../lib/core/keys.ts'
import { type ObjectHead, type ObjectStore, listAll } from '../../../lib/store/object-store.ts'
import { createS3Store } from '../../../lib/store/s3/store.ts'
import { createBucket, localConfig } from '../../support/s3-buckets.ts'
import { type Result, type Running, run, start } from './run.ts'
import { type RunningStore, part } from './servers.ts'

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
export const CHARTS = join(ROOT, 'fixtures/charts')
const PROGRAM = join(ROOT, 'bin/helm-s3')

export type HelmMajor = 3 | 4

let buckets = 0

/**
 * A person's machine: homes of Helm that are thrown away, one bucket, and the environment to reach the store. Commands
 * are run by the real Helm, or by the launcher of the plugin alone.
 */
export class Workplace {
  readonly folder: string
  readonly bucket: string
  /** `s3://bucket/charts` */
  readonly url: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly store: ObjectStore
  readonly server: RunningStore

  private constructor(folder: string, bucket: string, server: RunningStore, store: ObjectStore) {
    this.folder = folder
    this.bucket = bucket
    this.url = `s3://${bucket}/charts`
    this.env = environment(folder, server)
    this.server = server
    this.store = store
  }

  static async open(server: RunningStore): Promise<Workplace> {
    const folder = await mkdtemp(join(tmpdir(), 'helm-s3-e2e-'))
    const bucket = `e2e-${String(process.pid)}-${String(buckets++)}`
    await createBucket(server, bucket)
    return new Workplace(folder, bucket, server, await createS3Store(localConfig(server), bucket))
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts)
  }

  /** Runs Helm; words are split at spaces. */
  helm(major: HelmMajor, line: string, env: Readonly<Record<string, string>> = {}): Promise<Result> {
    return run(part(`helm${String(major)}/helm`), line.split(' '), { ...this.env, ...env }, this.folder)
  }

  /** Runs Helm, which succeeds and prints nothing on stderr. @returns its stdout */
  async helmOk(major: HelmMajor, line: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
    return expectOk(line, await this.helm(major, line, env))
  }

  /** Runs Helm, which fails and prints nothing on stdout. @returns its stderr */
  async helmFails(major: HelmMajor, line: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
    return expectFailure(line, await this.helm(major, line, env))
  }

  startProgram(line: string, env: Readonly<Record<string, string>> = {}): Running {
    return start(PROGRAM, line.split(' '), { ...this.env, ...env }, this.folder)
  }

  program(line: string, env: Readonly<Record<string, string>> = {}): Promise<Result> {
    return this.startProgram(line, env).result
  }

  async programOk(line: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
    return expectOk(line, await this.program(line, env))
  }

  async programFails(line: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
    return expectFailure(line, await this.program(line, env))
  }

  head(name: string): Promise<ObjectHead | undefined> {
    return this.store.head(asKey(`charts/${name}`))
  }

  async exists(name: string): Promise<boolean> {
    return (await this.head(name)) !== undefined
  }

  /**
   * Makes an object so many milliseconds older. Only on versitygw, where the time of its file is its `LastModified`.
   */
  async age(name: string, milliseconds: number): Promise<void> {
    const { folder, name: server } = this.server
    assert.ok(server === 'versitygw' && folder !== undefined)
    const then = (Date.now() - milliseconds) / 1000
    await utimes(join(folder, this.bucket, 'charts', name), then, then)
  }

  /** `index.yaml` as it is in the bucket, without merge on read. */
  async baseIndex(): Promise<IndexText> {
    const object = await this.store.get(asKey('charts/index.yaml'))
    assert.ok(object !== undefined, 'there is no index.yaml')
    return readIndexText(object.body)
  }

  /** What the getter gives Helm. */
  async mergedIndex(): Promise<IndexText> {
    const { status, stdout, stderr } = await run(
      PROGRAM,
      ['download', '', '', '', `${this.url}/index.yaml`],
      this.env,
      this.folder,
    )
    assert.deepEqual([status, stderr], [0, ''])
    return readIndexText(Buffer.from(stdout))
  }

  async keys(): Promise<string[]> {
    return (await listAll(this.store, '')).objects.map(({ key }) => key)
  }
}

function environment(
  folder: string,
  { accessKeyId, endpoint, region, secretAccessKey }: RunningStore,
): Record<string, string | undefined> {
  return {
    PATH: process.env.PATH,
    HOME: folder,
    HELM_CONFIG_HOME: join(folder, 'config'),
    HELM_CACHE_HOME: join(folder, 'cache'),
    HELM_DATA_HOME: join(folder, 'data'),
    AWS_ENDPOINT: endpoint.replace('http://', ''),
    AWS_DISABLE_SSL: 'true',
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
  }
}

export function expectOk(line: string, { status, stderr, stdout }: Result): string {
  assert.deepEqual({ line, status, stderr }, { line, status: 0, stderr: '' }, stdout)
  return stdout
}

export function expectFailure(line: string, { status, stderr, stdout }: Result): string {
  assert.notEqual(status, 0, `${line} succeeds`)
  assert.equal(stdout, '', line)
  return stderr
}
