import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EmbeddedStore, startEmbeddedStore } from '../../embedded/embedded-store.ts'
import type { ObjectStore } from '../../lib/store/object-store.ts'
import { createS3Store } from '../../lib/store/s3/store.ts'
import { createBucket, localConfig } from '../support/s3-buckets.ts'
import { CONTRACT_BUCKET } from './composed-objects.ts'
import { describeObjectStore } from './object-store.ts'

let running: EmbeddedStore | undefined
let folder: string | undefined

after(async () => {
  await running?.close()
  if (folder !== undefined) await rm(folder, { recursive: true })
})

const openEmbedded = async (): Promise<ObjectStore> => {
  folder = await mkdtemp(join(tmpdir(), 'embedded-'))
  const keys = { accessKeyId: 'contract', secretAccessKey: 'contract-secret' }
  running = await startEmbeddedStore({ folder, accessKey: keys.accessKeyId, secretKey: keys.secretAccessKey })
  const local = { endpoint: running.endpoint, ...keys }
  await createBucket(local, CONTRACT_BUCKET)
  return createS3Store(localConfig(local), CONTRACT_BUCKET)
}

describeObjectStore('the embedded store, over HTTP', openEmbedded, { hasNoVersions: true })
