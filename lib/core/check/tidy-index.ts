import { underName, versionKey } from '../log/entry.ts'
import { nameProblem } from '../helm/entry-shape.ts'
import { compareEntries } from '../fold.ts'
import { withoutUrlQueries } from '../entry-urls.ts'
import { type IndexItem, newItem } from '../index/index-item.ts'
import type { IndexText } from '../index/index-text.ts'
import { isSorted, isWorthKeeping, skippedBecause } from './check-base.ts'

/**
 * The same index for Helm, without what Helm leaves out of it: null and invalid entries, all but the first entry of a
 * version, charts without versions.
 *
 * - An entry whose name differs from that of its chart gets the name of its chart, by which Helm finds it. Under a name
 *   that no chart can have, the entry moves to the chart of its own name, unless that version is there already.
 * - Entries without a usable name, or without a version that Helm takes, stay when they name an archive, because the
 *   archive may prove what they are.
 * - Versions are sorted.
 * - Urls lose a query, which no reader obeys.
 *
 * Other entries keep their bytes. The function is idempotent.
 * @throws HelmS3Error `invalid-index` when Helm would refuse it
 */
export function tidyIndex(index: IndexText): IndexText {
  const names = index.chartNames()
  const charts = new Map<string, IndexItem[]>(names.map((name) => [name, []]))
  const known = new Set<string>()
  const strays: { readonly under: string; readonly item: IndexItem }[] = []
  const keep = (name: string, item: IndexItem): void => {
    const id = versionKey({ name, version: item.version })
    if (known.has(id)) return
    known.add(id)
    const entry = withoutUrlQueries(nameProblem(name) === undefined ? underName(name, item.entry) : item.entry)
    const kept = entry === item.entry ? item : newItem(entry)
    const list = charts.get(name)
    if (list === undefined) charts.set(name, [kept])
    else list.push(kept)
  }
  for (const name of names) {
    for (const item of index.items(name)) {
      const { entry } = item
      if (skippedBecause(entry) !== undefined) charts.get(name)?.push(...(isWorthKeeping(entry) ? [item] : []))
      else if (entry.name === name || nameProblem(name) === undefined) keep(name, item)
      else strays.push({ under: name, item })
    }
  }
  for (const { item, under } of strays) keep(known.has(versionKey(item.entry)) ? under : item.entry.name, item)
  for (const list of charts.values()) if (!isSorted(list)) list.sort(compareEntries)
  return index.withItems(charts)
}
