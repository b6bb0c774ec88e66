import { CreateBucketCommand, DeleteBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3'
import { type ConnectionSettings, connectionSettings } from '../../lib/settings/connection.ts'
import { silenceSdk } from '../../lib/sys/silence-sdk.ts'

/** How to reach a store on this machine. */
export interface LocalStore {
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Default: us-east-1. */
  readonly region?: string
}

const REGION = 'us-east-1'

export function localConfig({ endpoint, accessKeyId, region, secretAccessKey }: LocalStore): ConnectionSettings {
  const env = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region ?? REGION,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  }
  return connectionSettings({}, undefined, env)
}

export async function createBucket(store: LocalStore, bucket: string): Promise<void> {
  await send(store, (client) => client.send(new CreateBucketCommand({ Bucket: bucket })))
}

/** From now on the bucket keeps what is overwritten or deleted. */
export async function keepVersions(store: LocalStore, bucket: string): Promise<void> {
  const command = new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } })
  await send(store, (client) => client.send(command))
}

export async function deleteBucket(store: LocalStore, bucket: string): Promise<void> {
  await send(store, (client) => client.send(new DeleteBucketCommand({ Bucket: bucket })))
}

async function send(store: LocalStore, run: (client: S3Client) => Promise<unknown>): Promise<void> {
  silenceSdk()
  const { endpoint, accessKeyId, region = REGION, secretAccessKey } = store
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  })
  try {
    await run(client)
  } finally {
    client.destroy()
  }
}
