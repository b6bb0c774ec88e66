import { type IndexText, readIndexText } from '../core/index/index-text.ts'
import { HelmS3Error, hasCode, inStep } from '../errors.ts'
import type { ETag } from '../store/object-store.ts'
import type { Session } from './session.ts'

/** One version of `index.yaml`. */
export interface Base {
  readonly index: IndexText
  /** The text that `index` was read from. */
  readonly bytes: Uint8Array
  readonly etag: ETag
  /** Bytes of the text. */
  readonly size: number
  /** When the text was written: store clock, milliseconds since 1970. */
  readonly lastModified: number
  /** Store clock when it was read, milliseconds since 1970. */
  readonly date: number
}

/**
 * Reads `index.yaml`. Cost: one GET of the whole object.
 * @throws HelmS3Error `missing-index` when there is none, `invalid-index` when Helm would not load it
 */
export async function readBase(session: Session): Promise<Base> {
  const object = await session.store.get(session.location.indexKey)
  if (object === undefined) throw await missingIndex(session)
  const { body, date, etag, lastModified, size } = object
  return { index: readIndexText(body), bytes: body, etag, size, lastModified, date }
}

/**
 * Refuses a mutation where there is no repository, and lets the session learn the store's clock. Cost: one HEAD.
 * @throws HelmS3Error `missing-index`
 */
export async function requireRepository(session: Session): Promise<void> {
  if ((await session.store.head(session.location.indexKey)) === undefined) throw await missingIndex(session)
}

/** Says how to get an `index.yaml`: a new one, or one rebuilt from what stands there already. Cost: one LIST page. */
export async function missingIndex({ location, store }: Session): Promise<HelmS3Error> {
  const { objects } = await store.list(location.prefix)
  const isRemains = ({ key }: { readonly key: string }): boolean => key.endsWith('.tgz') || key.startsWith(location.deltaFolder)
  const remains = objects.some(isRemains)
  return new HelmS3Error('missing-index', `there is no index.yaml at ${location.url}`, {
    hint: remains
      ? `there are charts: \`helm s3 reindex ${location.address}\` makes an index of them`
      : `for a new repository, try running \`helm s3 init ${location.address}\``,
  })
}

/**
 * The error of a mutation that could not read the index, in the words of the Go plugin (cmd/helm-s3/push.go, delete.go).
 */
export function cannotFetchIndex(error: unknown): unknown {
  if (hasCode(error, 'invalid-index')) return inStep('load index from downloaded file', error)
  if (hasCode(error, 'missing-index')) return inStep('fetch current repo index: object not found', error)
  if (hasCode(error, 'missing-bucket')) return inStep('fetch current repo index: bucket not found', error)
  return inStep('fetch current repo index: fetch object from s3', error)
}
