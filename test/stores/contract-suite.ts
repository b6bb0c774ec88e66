import { createS3Store } from '../../lib/store/s3/store.ts'
import { CONTRACT_BUCKET } from '../contract/composed-objects.ts'
import { type KnownLimits, describeObjectStore } from '../contract/object-store.ts'
import { type LocalStore, createBucket, localConfig } from '../support/s3-buckets.ts'

/** The contract of an object store on a server that runs: what `contract-run.ts` has written into the environment. */
const store = JSON.parse(process.env.STORE_UNDER_TEST ?? '') as LocalStore & { readonly limits: KnownLimits }

describeObjectStore(
  'S3',
  async () => {
    await createBucket(store, CONTRACT_BUCKET)
    return createS3Store(localConfig(store), CONTRACT_BUCKET)
  },
  store.limits,
)
