import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EmbeddedStore, startEmbeddedStore } from '../../embedded/embedded-store.ts'
import { type LocalStore, createBucket } from './s3-buckets.ts'

/** An embedded store with an empty bucket named `bucket`, for all tests of a suite. */
export function useEmbeddedBucket({ accessKeyId, secretAccessKey }: Omit<LocalStore, 'endpoint'>): () => EmbeddedStore {
  let folder: string
  let store: EmbeddedStore
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'helm-s3-test-'))
    store = await startEmbeddedStore({ folder, accessKey: accessKeyId, secretKey: secretAccessKey })
    await createBucket({ endpoint: store.endpoint, accessKeyId, secretAccessKey }, 'bucket')
  })
  after(async () => {
    await store.close()
    await rm(folder, { recursive: true })
  })
  return () => store
}
