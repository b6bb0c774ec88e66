import { CreateBucketCommand, DeleteBucketCommand, S3Client } from '@aws-sdk/client-s3'
import type { S3Config } from '../../lib/store/s3-config.ts'
import { silenceSdk } from '../../lib/sys/silence-sdk.ts'

/** How to reach a store on this machine. */
export interface LocalStore {
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export function localConfig({ endpoint, accessKeyId, secretAccessKey }: LocalStore): S3Config {
  return {
    endpoint,
    region: 'us-east-1',
    profile: undefined,
    credentials: { accessKeyId, secretAccessKey },
    acl: undefined,
    sse: undefined,
    stall: 20_000,
  }
}

export async function createBucket(store: LocalStore, bucket: string): Promise<void> {
  await send(store, (client) => client.send(new CreateBucketCommand({ Bucket: bucket })))
}

export async function deleteBucket(store: LocalStore, bucket: string): Promise<void> {
  await send(store, (client) => client.send(new DeleteBucketCommand({ Bucket: bucket })))
}

async function send(store: LocalStore, run: (client: S3Client) => Promise<unknown>): Promise<void> {
  silenceSdk()
  const { endpoint, accessKeyId, secretAccessKey } = store
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } })
  try {
    await run(client)
  } finally {
    client.destroy()
  }
}
