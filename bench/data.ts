import { createHash } from 'node:crypto'
import type { IndexForm } from '../lib/core/index/index-text.ts'
import { type DeltaId, makeDeltaId } from '../lib/core/log/delta-id.ts'
import { encodeDelta } from '../lib/core/log/delta-text.ts'
import type { Entry, VersionId } from '../lib/core/log/entry.ts'

/*
 * Data of any size that is the same on every machine: 30 versions a chart, about 320 bytes an entry as block YAML.
 */

export const VERSIONS_PER_CHART = 30
const START = Date.UTC(2026, 0, 1)
const MINUTE = 60_000

/** Digests of versions whose archives are in the bucket, by `name-version`. The others are made up. */
export type Digests = ReadonlyMap<string, string>

/** The n-th chart of an index. */
export function chartName(n: number): string {
  return `service-${String(n).padStart(5, '0')}`
}

/**
 * The text of an index with so many versions, in pieces of one chart each; newest version first.
 * YAML is as `helm repo index` writes it, JSON as this program does.
 */
export function* indexPieces(versions: number, form: IndexForm, digests: Digests = new Map()): Generator<string> {
  const charts = Math.ceil(versions / VERSIONS_PER_CHART)
  const generated = new Date(START).toISOString()
  yield form === 'yaml' ? 'apiVersion: v1\nentries:\n' : `{"apiVersion":"v1","generated":"${generated}","entries":{`
  for (let chart = 0; chart < charts; chart++) {
    const count = Math.min(VERSIONS_PER_CHART, versions - chart * VERSIONS_PER_CHART)
    const entries = Array.from({ length: count }, (_, i) => entryOf(chart, count - 1 - i, digests))
    const name = chartName(chart)
    if (form === 'yaml') yield `  ${name}:\n${entries.map(yamlEntry).join('')}`
    else yield `${chart === 0 ? '' : ','}\n"${name}":[\n${entries.map((entry) => JSON.stringify(entry)).join(',\n')}\n]`
  }
  yield form === 'yaml' ? `generated: "${generated}"\n` : '\n}}\n'
}

/** The text of an index in one buffer. */
export function indexBytes(versions: number, form: IndexForm, digests?: Digests): Buffer {
  const pieces: Buffer[] = []
  for (const piece of indexPieces(versions, form, digests)) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
}

/** A delta as it lies in the bucket. */
export interface DeltaFile {
  readonly id: DeltaId
  readonly added: VersionId
  readonly body: Uint8Array
}

/** So many deltas, each the push of one new version to one of the first `charts` charts, evenly. */
export function* deltaFiles(count: number, charts: number): Generator<DeltaFile> {
  for (let i = 0; i < count; i++) {
    const entry = { ...entryOf(i % charts, 0, new Map()), version: `2.${String(Math.floor(i / charts))}.0` }
    const added: Entry = {
      ...entry,
      digest: sha256(`delta ${String(i)}`),
      urls: [`${entry.name}-${entry.version}.tgz`],
    }
    const id = makeDeltaId(START + i * 1000, createHash('sha256').update(String(i)).digest())
    const origin = { user: 'bench', host: 'bench', tool: 'bench', command: 'push' }
    yield { id, added, body: encodeDelta({ added: [{ entry: added, ifAbsent: false }], removed: [], origin }) }
  }
}

function entryOf(chart: number, minor: number, digests: Digests): Entry {
  const name = chartName(chart)
  const version = `1.${String(minor)}.0`
  return {
    apiVersion: 'v2',
    appVersion: `1.${String(minor)}`,
    created: new Date(START + (chart * VERSIONS_PER_CHART + minor) * MINUTE).toISOString(),
    description: `Deploys ${name} with its database, cache and dashboards`,
    digest: digests.get(`${name}-${version}`) ?? sha256(`${name}-${version}`),
    name,
    urls: [`${name}-${version}.tgz`],
    version,
  }
}

function yamlEntry(entry: Entry): string {
  const text = (field: string): string => String(entry[field])
  return (
    `  - apiVersion: ${text('apiVersion')}\n    appVersion: "${text('appVersion')}"\n    created: ` +
    `"${text('created')}"\n` +
    `    description: ${text('description')}\n    digest: ${text('digest')}\n    name: ${entry.name}\n` +
    `    urls:\n    - ${String(entry.urls?.[0])}\n    version: ${entry.version}\n`
  )
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
