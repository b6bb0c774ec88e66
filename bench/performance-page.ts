import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { replaceSection } from './document.ts'
import { ROOT } from './programs.ts'
import { detailTable, goalTable, machineTable, noteList } from './report.ts'
import type { Results } from './results.ts'

const PAGE = join(ROOT, 'docs', 'PERFORMANCE.md')

/** Fills the sections of docs/PERFORMANCE.md that are measured, and draws its charts. */
export function writeDocuments(results: Results): void {
  const { growth, lines } = results
  const sections: Record<string, string> = {
    machine: machineTable(results, [...lines, ...growth]),
    goals: goalTable(lines),
    details: [detailTable(lines), noteList(lines)].join('\n\n'),
  }
  let text = readFileSync(PAGE, 'utf8')
  for (const [section, content] of Object.entries(sections)) text = replaceSection(text, section, content)
  writeFileSync(PAGE, text)
}
