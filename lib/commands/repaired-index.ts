import type { RepositoryLocation } from '../core/keys.ts'
import { formatCount } from '../format.ts'
import type { Repaired } from '../protocol/rebuild-index.ts'

/** What became of an index that Helm refused, for people. */
export function describeRepaired(repaired: Repaired | undefined, { bucket }: RepositoryLocation): readonly string[] {
  if (repaired === undefined) return []
  const { brokenKey, kept, lost } = repaired
  const lines = lost.map(({ line, name = 'a chart', version = 'of a version that cannot be read' }) => `Lost ${name} ${version} (line ${String(line)} of the old text)`)
  const where = brokenKey === undefined ? [] : [`The old text is kept: s3://${bucket}/${brokenKey}`]
  return [`Saved ${formatCount(kept, 'entry', 'entries')} of the old index.yaml.`, ...lines, ...where]
}

/** The same for programs. */
export function repairedValue(repaired: Repaired | undefined): object | null {
  if (repaired === undefined) return null
  const { brokenKey = null, kept, lost } = repaired
  return { key: brokenKey, kept, lost: lost.map(({ line, name = null, version = null }) => ({ name, version, line })) }
}
