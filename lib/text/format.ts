/** Formats quantities for people. */

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'] as const

/** `812 B`, `4.5 KiB`, `46 MiB`. */
export function formatBytes(bytes: number): string {
  let amount = bytes
  let unit = 'B'
  for (const next of UNITS) {
    if (amount < 1024) break
    amount /= 1024
    unit = next
  }
  return `${unit === 'B' || amount >= 10 ? amount.toFixed(0) : amount.toFixed(1)} ${unit}`
}

const SECOND = 1000
const STEPS = [
  ['d', 24 * 3600 * SECOND],
  ['h', 3600 * SECOND],
  ['m', 60 * SECOND],
  ['s', SECOND],
] as const

/** Milliseconds in the two largest whole units: `2d3h`, `42m`, `1m5s`, `0s`. */
export function formatAge(milliseconds: number): string {
  let rest = Math.max(0, milliseconds)
  const first = STEPS.findIndex(([, size]) => rest >= size)
  if (first < 0) return '0s'
  const parts = STEPS.slice(first, first + 2).map(([unit, size]) => {
    const count = Math.floor(rest / size)
    rest -= count * size
    return count === 0 ? '' : `${String(count)}${unit}`
  })
  return parts.join('')
}

/** `1 delta`, `2 deltas`. */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${String(count)} ${count === 1 ? one : many}`
}

/** A time, in milliseconds since 1970, as RFC 3339 in whole seconds, UTC. */
export function formatTime(time: number): string {
  return `${new Date(time).toISOString().slice(0, 'YYYY-MM-DDTHH:MM:SS'.length)}Z`
}
