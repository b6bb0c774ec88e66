import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { type EmbeddedStore, startEmbeddedStore } from '../../embedded/embedded-store.ts'
import { silenceSdk } from '../../lib/sys/silence-sdk.ts'
import { createBucket } from '../support/s3-buckets.ts'

export const BUCKET = 'charts'
export const KEYS = { accessKeyId: 'embedded', secretAccessKey: 'embedded-secret' }
export const START = Date.parse('2026-01-02T03:04:05Z')

const silent = (): void => undefined
const SILENT = { trace: silent, debug: silent, info: silent, warn: silent, error: silent }

/** An embedded store with one bucket, and the AWS SDK connected to it. Its clock stands still at `START`. */
export interface RunningStore {
  readonly store: EmbeddedStore
  readonly client: S3Client
  readonly put: (key: string, body: string) => Promise<unknown>
}

/**
 * Opens a store for each test of a suite, in a folder of its own. The function returns the store of the running test.
 */
export function eachWithStore(): () => RunningStore {
  let running: RunningStore | undefined
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'embedded-'))
    const keys = { accessKey: KEYS.accessKeyId, secretKey: KEYS.secretAccessKey }
    const store = await startEmbeddedStore({ folder, ...keys, now: () => START })
    await createBucket({ endpoint: store.endpoint, ...KEYS }, BUCKET)
    const client = connect(store.endpoint)
    const put = (Key: string, Body: string): Promise<unknown> =>
      client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }))
    running = { store, client, put }
  })
  afterEach(async () => {
    running?.client.destroy()
    await running?.store.close()
    await rm(folder, { recursive: true })
  })
  return () => {
    if (running === undefined) throw new Error('no test is running')
    return running
  }
}

export function connect(endpoint: string): S3Client {
  silenceSdk()
  const options = { endpoint, region: 'us-east-1', forcePathStyle: true, credentials: KEYS }
  return new S3Client({ ...options, maxAttempts: 1, logger: SILENT })
}
