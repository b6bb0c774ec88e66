import { MAX_ARCHIVE, MAX_PROVENANCE } from '../../../text/size-limits.ts'
import type { Context } from '../../../ui/context.ts'
import { parseS3Url, provenanceKey } from '../../../core/keys.ts'
import { HelmS3Error } from '../../../errors.ts'
import { type ChartBytes, archiveTooLarge } from './chart-bytes.ts'

/**
 * An archive in any bucket, with the provenance file beside it. Costs a HEAD, then two GETs at once.
 * @param url `s3://bucket/key`, with a query as in URLs of repositories
 * @throws HelmS3Error `invalid-url`, `not-found`, `invalid-chart`; errors of the store
 */
export async function readBucketArchive(context: Context, url: string): Promise<ChartBytes> {
  const { bucket, key, query } = parseS3Url(url)
  if (key === '' || key.endsWith('/')) {
    throw new HelmS3Error('invalid-url', `failed to load chart file: ${url}: does not name an object`, {
      hint: 'write it as s3://BUCKET/PREFIX/NAME-VERSION.tgz',
    })
  }
  const missing = (): HelmS3Error =>
    new HelmS3Error('not-found', `failed to load chart file: ${url}: object not found`, {
      hint: 'give the key of one object: patterns do not work in buckets',
    })
  const store = await context.openStore(bucket, query)
  const head = await store.head(key)
  if (head === undefined) throw missing()
  if (head.size > MAX_ARCHIVE) throw archiveTooLarge(url)
  const [archive, provenance] = await Promise.all([
    store.get(key, { most: MAX_ARCHIVE }),
    store.get(provenanceKey(key), { most: MAX_PROVENANCE }),
  ])
  if (archive === undefined) throw missing()
  return { bytes: archive.body, provenance: provenance?.body }
}
