import type { Addition, StoredDelta } from '../../lib/core/log/delta.ts'
import { type DeltaId, makeDeltaId } from '../../lib/core/log/delta-id.ts'
import type { Entry, Removal } from '../../lib/core/log/entry.ts'
import { type IndexText, emptyIndexText } from '../../lib/core/index/index-text.ts'

/** An entry whose digest tells its content: `entry('app', '1.0.0', 'a')`. */
export function entry(name: string, version: string, content = 'a'): Entry {
  return {
    name,
    version,
    apiVersion: 'v2',
    urls: [`${name}-${version}.tgz`],
    created: '2026-01-01T00:00:00Z',
    digest: digestOf(content),
  }
}

/** 64 hex characters that depend on the content. */
export function digestOf(content: string): string {
  return Buffer.from(content).toString('hex').padEnd(64, '0').slice(0, 64)
}

/** The id of a moment: the n-th of the test. */
export function id(n: number): DeltaId {
  return makeDeltaId(1_700_000_000_000 + n * 1000, new Uint8Array(10))
}

/** Milliseconds since 1970 of the n-th moment of the test. */
export function moment(n: number): number {
  return 1_700_000_000_000 + n * 1000
}

export function delta(
  n: number,
  content: { add?: readonly Entry[]; addIfAbsent?: readonly Entry[]; remove?: readonly Removal[] },
): StoredDelta {
  const added: Addition[] = [
    ...(content.add ?? []).map((each) => ({ entry: each, ifAbsent: false })),
    ...(content.addIfAbsent ?? []).map((each) => ({ entry: each, ifAbsent: true })),
  ]
  return { id: id(n), lastModified: moment(n), added, removed: content.remove ?? [] }
}

export function removal(name: string, version: string, content?: string): Removal {
  return content === undefined ? { name, version } : { name, version, digest: digestOf(content) }
}

export function indexOf(...entries: readonly Entry[]): IndexText {
  const charts = new Map<string, Entry[]>()
  for (const each of entries) charts.set(each.name, [...(charts.get(each.name) ?? []), each])
  return emptyIndexText('json').withCharts(charts)
}

/** What an index says: `name version digest` of every entry, in its order. */
export function contentOf(index: IndexText): string[] {
  return index
    .chartNames()
    .flatMap((name) => index.versions(name).map((each) => `${each.name} ${each.version} ${each.digest ?? 'no digest'}`))
}
