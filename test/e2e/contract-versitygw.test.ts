import { createS3Store } from '../../lib/store/s3/store.ts'
import { CONTRACT_BUCKET } from '../contract/composed-objects.ts'
import { describeObjectStore } from '../contract/object-store.ts'
import { createBucket, localConfig } from '../support/s3-buckets.ts'
import { type RunningStore, startStore } from './support/servers.ts'

let running: RunningStore | undefined

after(() => running?.stop())

describeObjectStore(
  'versitygw',
  async () => {
    running = await startStore('versitygw')
    await createBucket(running, CONTRACT_BUCKET)
    return createS3Store(localConfig(running), CONTRACT_BUCKET)
  },
  { ignoresConditionOnDelete: false },
)
