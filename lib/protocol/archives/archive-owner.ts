import { type Entry, type VersionId, versionKey } from '../../core/log/entry.ts'
import { entryOfOther } from '../../core/entry-of-other.ts'
import type { IndexText } from '../../core/index/index-text.ts'
import { type Key, type RepositoryLocation, archiveKey } from '../../core/keys.ts'
import { HelmS3Error } from '../../errors.ts'
import type { ChartUpload } from './chart-upload.ts'
import type { ArchiveHead } from './head-archive.ts'

/**
 * Refuses uploads of which two are the same version or would have the same key.
 * @throws HelmS3Error `usage`
 */
export function refuseSharedKeys(uploads: readonly ChartUpload[], location: RepositoryLocation): void {
  const seen = new Map<Key, ChartUpload>()
  for (const upload of uploads) {
    const key = archiveKey(location, upload)
    const other = seen.get(key)
    if (other !== undefined)
      throw versionKey(other) === versionKey(upload)
        ? pushedTwice(other, upload)
        : keyTaken(location, upload, other, 'push one of them only, or')
    seen.set(key, upload)
  }
}

function pushedTwice(one: ChartUpload, other: ChartUpload): HelmS3Error {
  return new HelmS3Error('usage', `${one.source} and ${other.source} are both ${other.name} ${other.version}`, {
    hint: 'push each version once',
  })
}

/**
 * Whether the archive under the key of a chart certainly belongs to it: it has the same bytes, or its metadata say so.
 * False when it belongs to another chart (`svc` 01-0.1.0 and `svc-01` 0.1.0 have one key), or says nothing about
 * itself, as some archives of old clients do.
 */
export function isArchiveOf(chart: VersionId & Pick<ChartUpload, 'digest'>, { digest, holds }: ArchiveHead): boolean {
  return digest === chart.digest || (holds !== undefined && versionKey(holds) === versionKey(chart))
}

/**
 * The entry of another chart that names the archive under the key of this one: replacing the archive would destroy that
 * chart. Undefined when there is no such entry, or when the archive belongs to this chart and the other entry is wrong.
 * @throws HelmS3Error `invalid-index` when Helm would refuse the index
 */
export function otherOwner(
  location: RepositoryLocation,
  index: IndexText,
  chart: ChartUpload,
  head: ArchiveHead,
): Entry | undefined {
  if (isArchiveOf(chart, head) || index.find(chart)?.digest === head.digest) return undefined
  return entryOfOther(location, index, archiveKey(location, chart), chart)
}

/** The error for a chart whose key is that of another chart. `first`: another way out, named before the others. */
export function keyTaken(
  location: RepositoryLocation,
  chart: VersionId,
  owner: VersionId,
  first?: string,
): HelmS3Error {
  const file = archiveKey(location, chart).slice(location.prefix.length)
  const ways =
    `${first ?? `delete ${owner.name} ${owner.version} first, or`} give ${chart.name} ${chart.version} ` +
    `another name or version`
  return new HelmS3Error(
    'usage',
    `${chart.name} ${chart.version} and ${owner.name} ${owner.version} would both be ${file}`,
    {
      hint: `one would replace the other: ${ways}`,
    },
  )
}
