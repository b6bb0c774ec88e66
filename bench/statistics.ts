/** The middle value; of an even number of values, the mean of the two in the middle. @throws when there is none */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.ceil(sorted.length / 2) - 1]
  if (upper === undefined || lower === undefined) throw new Error('the median of nothing')
  return (upper + lower) / 2
}

/**
 * How many times as much the first is as the second. Values that were measured in turns are compared pair by pair, so
 * that a machine that grows slower does not count; with more of one than of the other, median by median.
 */
export function ratioOf(values: readonly number[], others: readonly number[]): number {
  if (values.length !== others.length) return median(values) / median(others)
  return median(values.map((value, i) => value / (others[i] ?? Number.NaN)))
}

/** Least and greatest. @throws when there is none */
export function spread(values: readonly number[]): { readonly least: number; readonly most: number } {
  if (values.length === 0) throw new Error('the spread of nothing')
  return { least: Math.min(...values), most: Math.max(...values) }
}
