import { createS3Store } from '../../lib/store/s3/store.ts'
import { describeObjectStore } from '../contract/object-store.ts'
import { createBucket, localConfig } from '../support/s3-buckets.ts'
import { type RunningStore, startStore } from './support/servers.ts'

let running: RunningStore | undefined

after(() => running?.stop())

describeObjectStore(
  'minio',
  async () => {
    running = await startStore('minio')
    await createBucket(running, 'contract')
    return createS3Store(localConfig(running), 'contract')
  },
  { ignoresConditionOnDelete: true },
)
