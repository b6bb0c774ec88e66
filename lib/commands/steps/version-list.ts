import { HelmS3Error } from '../../errors.ts'

/**
 * The values of `--version` as versions: split at commas, trimmed, without empty ones, each once and in the order of
 * its first mention.
 * @throws HelmS3Error `usage` when there is none
 */
export function requireVersions(values: readonly string[]): readonly string[] {
  const all = values.flatMap((value) => value.split(',')).map((value) => value.trim())
  const versions = [...new Set(all.filter((value) => value !== ''))]
  if (versions.length === 0) throw new HelmS3Error('usage', 'at least one non-empty --version is required')
  return versions
}
