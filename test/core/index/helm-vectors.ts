import { readFileSync } from 'node:fs'

/** An index text, and what Helm's own loader makes of it. Without `error` and `entries`, it loads and is empty. */
export interface IndexVector {
  readonly name: string
  readonly doc: string
  readonly error?: unknown
  readonly entries?: Readonly<Record<string, readonly Record<string, unknown>[]>>
}

export function readVectors<T>(file: string): T[] {
  return JSON.parse(readFileSync(new URL(`../../../fixtures/helm-vectors/${file}`, import.meta.url), 'utf8')) as T[]
}

/**
 * A value as Go's structures would show it. Fields that are empty, null or false are absent, and so are the apiVersion
 * that Helm fills in and the zero time for a missing `created`.
 */
export function asHelmShows(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asHelmShows)
  if (typeof value !== 'object' || value === null) return value
  const isEmpty = (item: unknown): boolean =>
    item === '' || item === null || item === false || (typeof item === 'object' && Object.keys(item).length === 0)
  const isFilledIn = (key: string, item: unknown): boolean =>
    (key === 'created' && item === '0001-01-01T00:00:00Z') || (key === 'apiVersion' && item === 'v1')
  const fields = Object.entries(value).filter(([key, item]) => !isEmpty(item) && !isFilledIn(key, item))
  return Object.fromEntries(fields.map(([key, item]) => [key, asHelmShows(item)]))
}
