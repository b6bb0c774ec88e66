const UNITS = ['KiB', 'MiB', 'GiB', 'TiB']

/** Bytes for people: `512 B`, `1.5 KiB`, `12 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 'B'
  for (const next of UNITS) {
    if (value < 1024) break
    value /= 1024
    unit = next
  }
  const digits = unit === 'B' || value >= 10 ? 0 : 1
  return `${value.toFixed(digits)} ${unit}`
}
