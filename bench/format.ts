import { MEGABYTE } from './result.ts'

/** `87 ms`, `1.23 s`, `12.3 s` */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`
  const seconds = milliseconds / 1000
  return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`
}

/** `312 B`, `4.2 KB`, `48 MB`, `3.1 GB` */
export function size(bytes: number): string {
  if (bytes < 1024) return `${String(Math.round(bytes))} B`
  if (bytes < MEGABYTE) return `${short(bytes / 1024)} KB`
  return bytes < 1024 * MEGABYTE ? `${short(bytes / MEGABYTE)} MB` : `${short(bytes / MEGABYTE / 1024)} GB`
}

/** `150,000` */
export function count(value: number): string {
  return value.toLocaleString('en')
}

/** `0.43`, `2.1`, `34` */
export function short(value: number): string {
  return value.toFixed(value < 1 ? 2 : value < 10 ? 1 : 0)
}

/** A Markdown table. */
export function markdownTable(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  return [line(headers), `|${headers.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}
