import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { replaceSection } from './document.ts'
import { growthCharts, growthReport } from './growth/growth-report.ts'
import { GROWTHS } from './growth/growths.ts'
import { ROOT } from './programs.ts'
import { detailTable, goalTable, machineTable, noteList } from './report.ts'
import type { Results } from './results.ts'

const PAGE = join(ROOT, 'docs', 'PERFORMANCE.md')
const CHARTS = join(ROOT, 'docs', 'charts')

/** Fills the sections of docs/PERFORMANCE.md that are measured, and draws its charts. */
export function writeDocuments(results: Results): void {
  const { growth, lines } = results
  const sections: Record<string, string> = {
    machine: machineTable(results, [...lines, ...growth]),
    goals: goalTable(lines),
    growth: growthReport(GROWTHS, growth, 'charts'),
    details: [detailTable(lines), noteList(lines)].join('\n\n'),
  }
  let text = readFileSync(PAGE, 'utf8')
  for (const [section, content] of Object.entries(sections)) text = replaceSection(text, section, content)
  writeFileSync(PAGE, text)
  mkdirSync(CHARTS, { recursive: true })
  for (const [file, picture] of growthCharts(GROWTHS, growth)) writeFileSync(join(CHARTS, file), picture)
}
