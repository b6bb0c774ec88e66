import type { IncomingMessage } from 'node:http'
import type { FolderObjects } from './folder-objects.ts'
import type { FolderUploads } from './folder-uploads.ts'
import type { KeyLock } from './key-lock.ts'
import type { KeyPair } from './signature.ts'

/** Everything that requests work on. */
export interface Place {
  readonly objects: FolderObjects
  readonly uploads: FolderUploads
  /** The lock for changes: of an object, under its `lockName`; of a bucket, under its name. */
  readonly lock: KeyLock
  readonly keys: KeyPair
  /** The clock of the store, milliseconds since 1970. */
  readonly now: () => number
}

export interface BucketRequest {
  readonly bucket: string
  readonly query: URLSearchParams
  readonly message: IncomingMessage
}

export interface ObjectRequest extends BucketRequest {
  readonly key: string
}

/** The name under which an object is locked. */
export function lockName(bucket: string, key: string): string {
  return `${bucket}/${key}`
}
