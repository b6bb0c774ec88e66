import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type IndexText, readIndexText, sliceIndexText } from '../core/index/index-text.ts'
import { compareVersions } from '../core/helm/version.ts'
import { HelmS3Error } from '../errors.ts'
import type { HelmRepository } from './repositories.ts'

/** Bytes. Larger caches are not read, because completion has to be fast. */
const MAX_INDEX = 256 * 1024 * 1024

/** Bytes. A text up to this size is parsed in full when its layout is not recognised. */
const MAX_PARSED = 256 * 1024

/**
 * The names of the charts in Helm's local copy of a repository, which may be old. Without a copy there are none.
 * Cost: reads a small file; when that is missing, the local index.
 */
export async function cachedChartNames(cacheFolder: string, repository: HelmRepository): Promise<readonly string[]> {
  const list = await readFile(join(cacheFolder, `${repository.name}-charts.txt`), 'utf8').catch(() => undefined)
  if (list !== undefined) return list.split('\n').filter((line) => line !== '')
  return (await cachedIndex(cacheFolder, repository))?.chartNames() ?? []
}

/** The versions of a chart in Helm's local copy of a repository, in the order of its index, the newest first. */
export async function cachedVersions(
  cacheFolder: string,
  repository: HelmRepository,
  chart: string,
): Promise<readonly string[]> {
  try {
    return ((await cachedIndex(cacheFolder, repository))?.items(chart) ?? []).map(({ version }) => version)
  } catch (error) {
    if (error instanceof HelmS3Error) return []
    throw error
  }
}

/**
 * The deleted versions of a chart, the highest first. They are the versions that were touched by the deltas which
 * Helm's local copy notes as folded, and that are not in the copy. Versions that were deleted long ago, and can hardly
 * be restored, are no longer noted.
 */
export async function cachedDeletedVersions(
  cacheFolder: string,
  repository: HelmRepository,
  chart: string,
): Promise<readonly string[]> {
  try {
    const index = await cachedIndex(cacheFolder, repository)
    if (index === undefined) return []
    const present = new Set(index.items(chart).map(({ version }) => version))
    const touched = [...index.bookkeeping.folded.values()].flatMap((folded) =>
      folded.touched === '*' || folded.gone !== undefined ? [] : folded.touched,
    )
    const deleted = touched
      .filter(({ name, version }) => name === chart && !present.has(version))
      .map(({ version }) => version)
    return [...new Set(deleted)].sort((a, b) => compareVersions(b, a))
  } catch (error) {
    if (error instanceof HelmS3Error) return []
    throw error
  }
}

/** The local index. Undefined: there is none, or it cannot be read fast. */
async function cachedIndex(cacheFolder: string, { name }: HelmRepository): Promise<IndexText | undefined> {
  const path = join(cacheFolder, `${name}-index.yaml`)
  const size = await stat(path).then(
    (file) => (file.isFile() ? file.size : MAX_INDEX + 1),
    () => MAX_INDEX + 1,
  )
  if (size > MAX_INDEX) return undefined
  try {
    const bytes = await readFile(path)
    return bytes.length <= MAX_PARSED ? readIndexText(bytes) : sliceIndexText(bytes)
  } catch {
    return undefined
  }
}
