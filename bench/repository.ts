import { readFile } from 'node:fs/promises'
import { deltaKey } from '../lib/core/log/delta-id.ts'
import type { MadeChart } from './archives.ts'
import type { Bucket } from './bucket.ts'
import type { DeltaFile } from './data.ts'

/** A repository in the bucket of the bench. */
export class Repository {
  readonly prefix: string
  readonly url: string
  readonly #bucket: Bucket

  constructor(bucket: Bucket, prefix: string) {
    this.#bucket = bucket
    this.prefix = prefix
    this.url = `s3://${bucket.name}/${prefix.slice(0, -1)}`
  }

  get indexKey(): string {
    return `${this.prefix}index.yaml`
  }

  get deltaFolder(): string {
    return `${this.prefix}index.d/`
  }

  urlOf(file: string): string {
    return `${this.url}/${file}`
  }

  /** Nothing but this index, and what is to be kept. */
  async restore(index: string, isKept: (key: string) => boolean = () => false): Promise<void> {
    await this.#bucket.copy(index, this.indexKey)
    await this.#bucket.clear(this.prefix, (key) => key === this.indexKey || isKept(key))
  }

  async putArchive({ name, path, version }: MadeChart): Promise<void> {
    await this.#bucket.put(`${this.prefix}${name}-${version}.tgz`, await readFile(path))
  }

  /** These deltas, pending. */
  async putDeltas(files: Iterable<DeltaFile>): Promise<void> {
    await this.#bucket.putAll([...files].map(({ body, id }) => ({ key: deltaKey(this.deltaFolder, id), body })))
  }

  /** How many of these versions `index.yaml` names. */
  async countInIndex(charts: readonly Pick<MadeChart, 'name' | 'version'>[]): Promise<number> {
    const index = await this.#bucket.get(this.indexKey)
    return charts.filter(({ name, version }) => index.includes(`${name}-${version}.tgz`)).length
  }

  /** Removes it from the bucket. */
  async remove(): Promise<void> {
    await this.#bucket.clear(this.prefix)
  }
}
