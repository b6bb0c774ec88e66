import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type IndexText, readIndexText, sliceIndexText } from '../core/index/index-text.ts'
import { compareVersions } from '../core/helm/version.ts'
import { HelmS3Error } from '../errors.ts'
import type { HelmRepository } from './repositories.ts'

/** Caches above this are not read, bytes: completion has to be fast. */
const MAX_INDEX = 256 * 1024 * 1024

/** Texts up to this are parsed in full when they are not recognised, bytes. */
const MAX_PARSED = 256 * 1024

/**
 * The names of the charts in Helm's local copy of a repository, which may be old; none when there is no copy.
 * Cost: a small file; when that is missing, the local index.
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
 * The versions of a chart that were deleted, the highest first: those that the deltas which Helm's local copy notes as
 * folded have touched, and that are not there. What was deleted long ago, and can hardly be restored, is not noted any
 * more.
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

/** Undefined: there is none, or it cannot be read fast. */
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
