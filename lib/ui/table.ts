import stringWidth from 'string-width'
import { visibleLine } from '../text/terminal-text.ts'

/**
 * Lines of a table with aligned columns, the headers first; without trailing spaces. Cells are single-line texts,
 * perhaps coloured.
 */
export function renderTable(headers: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [headers, ...rows]
  const widths = headers.map((_, column) =>
    all.reduce((widest, row) => Math.max(widest, widthOf(row[column] ?? '')), 0),
  )
  const pad = (cell: string, column: number): string => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell))
  return all.map((row) => row.map(pad).join('  ').trimEnd())
}

/** The width of a text in columns of a terminal. For ASCII, as in most cells, it is the length. */
function widthOf(text: string): number {
  return /^[ -~]*$/.test(text) ? text.length : stringWidth(text)
}

/** A text from a bucket on one line, with control characters made visible. */
export function singleLine(text: string): string {
  return visibleLine(text.replace(/\s+/g, ' ').trim())
}
