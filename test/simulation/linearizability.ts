/**
 * One operation on one version as its client saw it. Times in milliseconds of virtual time. Values are digests; null:
 * the version is absent.
 */
export interface Operation {
  readonly client: string
  /**
   * `exists`: sees that there is a value. `set`: needs an absent version or the same value. `overwrite`: replaces any
   * value. `remove`: takes this value away. `clear`: empties. `fill`: sets an absent version. `exchange`: sets an
   * absent version or one with the value `from`. Both leave any other value.
   */
  readonly kind: 'read' | 'exists' | 'set' | 'overwrite' | 'remove' | 'clear' | 'fill' | 'exchange'
  readonly value: string | null
  readonly from?: string | null
  readonly start: number
  /** When it was acknowledged, or could take effect no more; Infinity: it may at any time. */
  readonly end: number
  /** Whether it must have taken effect. */
  readonly required: boolean
}

/** The greatest number of operations that the search takes on: bits of a number. */
export const MAX_OPERATIONS = 31

/**
 * Whether there is one order of the operations, in keeping with their times, in which every read sees what the
 * operations before it left, and all required ones occur. `lenient`: a store without conditional writes, where a `set`
 * may win over another value. Histories that are too long to search count as fine; the caller counts them.
 */
export function isLinearizable(operations: readonly Operation[], initial: string | null, lenient: boolean): boolean {
  if (operations.length > MAX_OPERATIONS) return true
  const history = [...operations].sort((a, b) => a.start - b.start)
  const required = history.reduce((mask, operation, i) => (operation.required ? mask | (1 << i) : mask), 0)
  const tried = new Set<string>()

  const search = (done: number, state: string | null): boolean => {
    if ((done & required) === required) return true
    const key = `${String(done)}|${String(state)}`
    if (tried.has(key)) return false
    tried.add(key)
    const open = history.filter((_, i) => (done & (1 << i)) === 0)
    const latest = Math.min(...open.filter((operation) => operation.required).map(({ end }) => end))
    const now = Math.max(...history.map(({ start }, i) => ((done & (1 << i)) === 0 ? -Infinity : start)))
    return history.some((operation, i) => {
      if ((done & (1 << i)) !== 0 || operation.start > latest || operation.end < now) return false
      const next = apply(operation, state, lenient)
      return next !== undefined && search(done | (1 << i), next)
    })
  }
  return search(0, initial)
}

/** The state after the operation; undefined: it cannot occur here. */
function apply({ from, kind, value }: Operation, state: string | null, lenient: boolean): string | null | undefined {
  switch (kind) {
    case 'read':
      return state === value ? state : undefined
    case 'exists':
      return state ?? undefined
    case 'set':
      return state === null || state === value || lenient ? value : undefined
    case 'overwrite':
      return value
    case 'remove':
      if (state === value) return null
      return state === null || lenient ? state : undefined
    case 'clear':
      return null
    case 'fill':
      return state ?? value
    case 'exchange':
      return state === null || state === from ? value : state
  }
}
