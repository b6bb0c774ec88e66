import { versionKey } from '../entry.ts'
import { compareEntries } from '../fold.ts'
import { withoutUrlQueries } from '../entry-urls.ts'
import { type IndexItem, itemOf } from '../index/index-item.ts'
import type { IndexText } from '../index/index-text.ts'
import { isSorted, isWorthKeeping, skippedBecause } from './check-base.ts'

/**
 * The same index for Helm, without what Helm leaves out of it: null and invalid entries, all but the first of a version, charts
 * without versions. Entries under another chart's name move to their own, where they are missing; those without a usable name, or a
 * version that Helm takes, stay where they name an archive, which may prove what they are; versions are sorted; urls lose a query, which nobody obeys.
 * Entries keep their bytes. Idempotent.
 * @throws HelmS3Error `invalid-index` when Helm would refuse it
 */
export function tidyIndex(index: IndexText): IndexText {
  const names = index.chartNames()
  const charts = new Map<string, IndexItem[]>(names.map((name) => [name, []]))
  const known = new Set<string>()
  const strays: IndexItem[] = []
  const keep = (item: IndexItem): void => {
    const { name } = item.entry
    if (known.has(versionKey(item.entry))) return
    known.add(versionKey(item.entry))
    const entry = withoutUrlQueries(item.entry)
    const kept = entry === item.entry ? item : itemOf(entry)
    const list = charts.get(name)
    if (list === undefined) charts.set(name, [kept])
    else list.push(kept)
  }
  for (const name of names) {
    for (const item of index.items(name)) {
      const { entry } = item
      if (skippedBecause(entry) !== undefined) charts.get(name)?.push(...(isWorthKeeping(entry) ? [item] : []))
      else if (entry.name === name) keep(item)
      else strays.push(item)
    }
  }
  for (const stray of strays) keep(stray)
  for (const list of charts.values()) if (!isSorted(list)) list.sort(compareEntries)
  return index.withItems(charts)
}
