const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
]

/** An age in milliseconds for people, in its two greatest units: `3d4h`, `5m12s`. Below a second, and in the future: `0s`. */
export function formatAge(milliseconds: number): string {
  const first = UNITS.findIndex(([, size]) => milliseconds >= size)
  if (first < 0) return '0s'
  let rest = milliseconds
  const parts = UNITS.slice(first, first + 2).map(([unit, size]) => {
    const amount = Math.floor(rest / size)
    rest -= amount * size
    return amount === 0 ? '' : `${String(amount)}${unit}`
  })
  return parts.join('')
}
