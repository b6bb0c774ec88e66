import { FINDING_KINDS } from '../../core/check/finding-kinds.ts'
import type { DamagedEntry, SkippedItem } from '../../core/index/salvage/salvaged-parts.ts'
import type { RepositoryLocation } from '../../core/keys.ts'
import { formatCount } from '../../text/format.ts'
import type { Repaired } from '../../protocol/base/rebuild-index.ts'

/** What became of an index that Helm refused, for people. */
export function describeRepaired(repaired: Repaired | undefined, { bucket }: RepositoryLocation): readonly string[] {
  if (repaired === undefined) return []
  const { brokenKey, kept, lost, mended, skipped } = repaired
  const lines = [
    ...skipped.map(describeSkipped),
    ...mended.map((entry) => `Mended ${describeDamaged(entry)}`),
    ...lost.map((entry) => `Lost ${describeDamaged(entry)}`),
  ]
  const where = brokenKey === undefined ? [] : [`The old text is kept: s3://${bucket}/${brokenKey}`]
  return [`Saved ${formatCount(kept, 'entry', 'entries')} of the old index.yaml.`, ...lines, ...where]
}

function describeDamaged({
  line,
  name = 'a chart',
  version = 'of a version that cannot be read',
}: DamagedEntry): string {
  return `${name} ${version} (line ${String(line)} of the old text)`
}

/** In the words of `check` about an index that can be read. */
function describeSkipped({ line, name, reason }: SkippedItem): string {
  const under = name === undefined ? '' : ` of chart ${name}`
  return `Left out an item${under} (line ${String(line)} of the old text): ${SKIPPED[reason]}`
}

const SKIPPED: Readonly<Record<SkippedItem['reason'], string>> = {
  null: FINDING_KINDS['entry-null'].title,
  'no-version': FINDING_KINDS['entry-skipped'].title,
}

/** The same for programs. */
export function repairedValue(repaired: Repaired | undefined): object | null {
  if (repaired === undefined) return null
  const { brokenKey = null, kept, lost, mended, skipped } = repaired
  const value = ({ line, name, version }: DamagedEntry): object => ({
    name: name ?? null,
    version: version ?? null,
    line,
  })
  return {
    key: brokenKey,
    kept,
    mended: mended.map(value),
    lost: lost.map(value),
    skipped: skipped.map(({ line, name = null }) => ({ name, line })),
  }
}
