import { replaceSection } from '../../bench/document.ts'
import type { Results } from './results.ts'
import { alsoTable, conditionsTable, levelsTable } from './tables.ts'

/** The text of docs/STORES.md with its tables of what was measured. */
export function storesPage(text: string, results: Results): string {
  const sections = { levels: levelsTable(results), conditions: conditionsTable(results), also: alsoTable(results) }
  return Object.entries(sections).reduce((page, [name, table]) => replaceSection(page, name, table, 'stores'), text)
}
