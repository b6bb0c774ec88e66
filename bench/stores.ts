import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { startEmbeddedStore } from '../embedded/embedded-store.ts'
import { end, freePort, startServer } from './servers.ts'

/** A store to measure against, and the keys to it. */
export interface BenchStore {
  /** As the results name it. */
  readonly name: string
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  close(): Promise<void>
}

export interface StoreOptions {
  /** URL of a store that runs; its keys are in the environment. */
  readonly endpoint: string | undefined
  /** Path of the program of MinIO. */
  readonly minio: string | undefined
}

const KEYS = { accessKeyId: 'EXAMPLEKEY123', secretAccessKey: 'EXAMPLESECRET123456' }

/** The store that is given, else MinIO in a process of its own, else the embedded one in this process. */
export async function openBenchStore({ endpoint, minio }: StoreOptions, folder: string): Promise<BenchStore> {
  if (endpoint !== undefined) return givenStore(endpoint)
  return minio === undefined ? embeddedStore(folder) : startMinio(minio, folder)
}

function givenStore(endpoint: string): BenchStore {
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = process.env
  if (accessKeyId === '' || secretAccessKey === '')
    throw new Error('--endpoint needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY')
  return { name: endpoint, endpoint, accessKeyId, secretAccessKey, close: async () => undefined }
}

async function embeddedStore(folder: string): Promise<BenchStore> {
  const { accessKeyId, secretAccessKey } = KEYS
  const store = await startEmbeddedStore({
    folder: join(folder, 'store'),
    accessKey: accessKeyId,
    secretKey: secretAccessKey,
  })
  return { name: 'the embedded store', endpoint: store.endpoint, ...KEYS, close: () => store.close() }
}

async function startMinio(program: string, folder: string): Promise<BenchStore> {
  const data = join(folder, 'store')
  await mkdir(data)
  const [port, console] = [await freePort(), await freePort()]
  const args = [
    'server',
    '--quiet',
    '--address',
    `127.0.0.1:${String(port)}`,
    '--console-address',
    `127.0.0.1:${String(console)}`,
    data,
  ]
  const env = {
    MINIO_ROOT_USER: KEYS.accessKeyId,
    MINIO_ROOT_PASSWORD: KEYS.secretAccessKey,
    MINIO_UPDATE: 'off',
    MINIO_BROWSER: 'off',
  }
  const endpoint = `http://127.0.0.1:${String(port)}`
  const child = await startServer(program, args, {
    env,
    isReady: async () => (await fetch(`${endpoint}/minio/health/ready`)).ok,
  })
  return { name: 'MinIO', endpoint, ...KEYS, close: () => end(child) }
}
