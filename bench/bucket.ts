import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import pLimit from 'p-limit'
import { silenceSdk } from '../lib/sys/silence-sdk.ts'
import type { BenchStore } from './stores.ts'

const CONCURRENCY = 16

/** The bucket of the bench: brings the repositories in it from one state to another, outside of what is measured. */
export class Bucket {
  readonly name: string
  readonly #client: S3Client
  readonly #limit = pLimit(CONCURRENCY)

  private constructor(name: string, client: S3Client) {
    this.name = name
    this.#client = client
  }

  static async create({ accessKeyId, endpoint, secretAccessKey }: BenchStore, name: string): Promise<Bucket> {
    silenceSdk()
    const credentials = { accessKeyId, secretAccessKey }
    const checksums = {
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    } as const
    const region = process.env.AWS_REGION ?? 'us-east-1'
    const client = new S3Client({ endpoint, region, forcePathStyle: true, credentials, ...checksums })
    await client.send(new CreateBucketCommand({ Bucket: name }))
    return new Bucket(name, client)
  }

  async put(key: string, body: Uint8Array | string): Promise<void> {
    await this.#client.send(new PutObjectCommand({ Bucket: this.name, Key: key, Body: body }))
  }

  async putAll(objects: Iterable<{ readonly key: string; readonly body: Uint8Array }>): Promise<void> {
    await this.#limit.map(objects, ({ key, body }) => this.put(key, body))
  }

  async get(key: string): Promise<Buffer> {
    const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: this.name, Key: key }))
    return Buffer.from((await Body?.transformToByteArray()) ?? [])
  }

  /** Copies inside the store. */
  async copy(from: string, to: string): Promise<void> {
    await this.#client.send(new CopyObjectCommand({ Bucket: this.name, Key: to, CopySource: `${this.name}/${from}` }))
  }

  async list(prefix: string): Promise<string[]> {
    const keys: string[] = []
    let token: string | undefined
    do {
      const page = await this.#client.send(
        new ListObjectsV2Command({ Bucket: this.name, Prefix: prefix, ContinuationToken: token }),
      )
      keys.push(...(page.Contents ?? []).map(({ Key = '' }) => Key))
      token = page.NextContinuationToken
    } while (token !== undefined)
    return keys
  }

  /** Removes what lies under the prefix, but for what is to be kept. */
  async clear(prefix: string, isKept: (key: string) => boolean = () => false): Promise<void> {
    const keys = (await this.list(prefix)).filter((key) => !isKept(key))
    await this.#limit.map(keys, (key) => this.#client.send(new DeleteObjectCommand({ Bucket: this.name, Key: key })))
  }

  async close(): Promise<void> {
    await this.clear('')
    await this.#client.send(new DeleteBucketCommand({ Bucket: this.name }))
    this.#client.destroy()
  }
}
