import { HelmS3Error } from '../../errors.ts'
import { type Addition, type Delta, type Origin } from './delta.ts'
import { type Entry, type Removal, versionKey } from './entry.ts'
import { additionProblem, removalProblem } from '../helm/entry-shape.ts'
import { isObject } from '../../text/is-object.ts'
import { isTooDeep } from '../../text/json-depth.ts'
import { MAX_DELTA, MAX_DELTA_ITEMS, MAX_JSON_DEPTH, MAX_ORIGIN, MAX_YAML_DELTA } from '../../text/size-limits.ts'

/** The format of delta files that this program writes and obeys. */
export const DELTA_API_VERSION = 'v1'

export type DecodedDelta =
  | { readonly outcome: 'delta'; readonly delta: Delta }
  /** Perhaps written by a newer program. It is not obeyed, and neither it nor a delta above it is collected. */
  | { readonly outcome: 'unknown-version'; readonly reason: string }
  | { readonly outcome: 'malformed'; readonly reason: string }

/**
 * The text of a delta file: JSON, which is YAML too, one entry a line. (Reading it costs a hundredth of block YAML, and
 * no scalar can change its type.) Deterministic: charts in name order, entries in the delta's order.
 */
export function encodeDelta(delta: Delta): Uint8Array {
  const sections: string[] = [`"apiVersion":${JSON.stringify(DELTA_API_VERSION)}`]
  const section = (title: string, items: readonly (Entry | Removal)[]): void => {
    if (items.length > 0) sections.push(`${JSON.stringify(title)}:${encodeByChart(items)}`)
  }
  section('removedEntries', delta.removed)
  section(
    'addedEntries',
    delta.added.filter((a) => !a.ifAbsent).map((a) => a.entry),
  )
  section(
    'addedIfAbsent',
    delta.added.filter((a) => a.ifAbsent).map((a) => a.entry),
  )
  if (delta.origin !== undefined) sections.push(`"origin":${JSON.stringify(delta.origin)}`)
  return new TextEncoder().encode(`{${sections.join(',\n')}}\n`)
}

/** Why a delta would be too large for readers. Undefined: it is not too large. */
export function deltaSizeProblem(bytes: number, items: number): string | undefined {
  if (bytes > MAX_DELTA) return `is larger than ${String(MAX_DELTA / 1024 / 1024)} MiB`
  return items > MAX_DELTA_ITEMS ? `holds more than ${String(MAX_DELTA_ITEMS)} entries` : undefined
}

/**
 * What a delta file says. Any YAML text within the limits of `size-limits.ts` is read. When the text cannot be used,
 * the result says why.
 * @throws HelmS3Error `timeout` only
 */
export async function decodeDelta(bytes: Uint8Array): Promise<DecodedDelta> {
  let value: unknown
  try {
    if (bytes.length > MAX_DELTA) throw new Malformed(deltaSizeProblem(bytes.length, 0))
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    value = parseJson(text) ?? (await parseYaml(text, bytes.length))
  } catch (error) {
    if (error instanceof HelmS3Error) throw error
    return { outcome: 'malformed', reason: error instanceof Malformed ? error.message : 'does not decode' }
  }
  if (!isObject(value)) return { outcome: 'malformed', reason: 'is not a mapping' }
  if (value.apiVersion !== DELTA_API_VERSION) {
    if (typeof value.apiVersion !== 'string') return { outcome: 'malformed', reason: 'has no apiVersion' }
    return { outcome: 'unknown-version', reason: `has the unknown apiVersion ${JSON.stringify(value.apiVersion)}` }
  }
  try {
    return { outcome: 'delta', delta: readDelta(value) }
  } catch (error) {
    if (error instanceof Malformed) return { outcome: 'malformed', reason: error.message }
    throw error
  }
}

class Malformed extends Error {}

function encodeByChart(items: readonly (Entry | Removal)[]): string {
  const charts = new Map<string, (Entry | Removal)[]>()
  for (const item of items) {
    const list = charts.get(item.name)
    if (list === undefined) charts.set(item.name, [item])
    else list.push(item)
  }
  const names = [...charts.keys()].sort()
  const encode = (name: string): string =>
    `${JSON.stringify(name)}:[\n${(charts.get(name) ?? []).map((item) => JSON.stringify(item)).join(',\n')}\n]`
  return `{${names.map(encode).join(',\n')}}`
}

/** The value of a JSON text. Undefined: the text is not JSON. */
function parseJson(text: string): unknown {
  if (!/^\s*[{[]/.test(text)) return undefined
  if (isTooDeep(text)) throw new Malformed(`is nested more than ${String(MAX_JSON_DEPTH)} levels deep`)
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function parseYaml(text: string, bytes: number): Promise<unknown> {
  if (bytes > MAX_YAML_DELTA)
    throw new Malformed(`is not JSON text, and is larger than ${String(MAX_YAML_DELTA / 1024)} KiB`)
  const { parseYamlDelta } = await import('./yaml-delta-text.ts')
  return parseYamlDelta(text)
}

function readDelta(value: Record<string, unknown>): Delta {
  const removed = readSection(value.removedEntries, 'removedEntries', readRemoval)
  const added: readonly Addition[] = [
    ...readSection(value.addedEntries, 'addedEntries', readEntry).map((entry) => ({ entry, ifAbsent: false })),
    ...readSection(value.addedIfAbsent, 'addedIfAbsent', readEntry).map((entry) => ({ entry, ifAbsent: true })),
  ]
  const problem = deltaSizeProblem(0, removed.length + added.length)
  if (problem !== undefined) throw new Malformed(problem)
  refuseTwice(added.map((a) => a.entry))
  const origin = readOrigin(value.origin)
  return { added, removed, ...(origin === undefined ? {} : { origin }) }
}

function readSection<T>(
  value: unknown,
  title: string,
  read: (item: unknown, where: string) => T & { name: string },
): T[] {
  if (value === undefined || value === null) return []
  if (!isObject(value)) throw new Malformed(`has ${title} that are not a mapping`)
  return Object.entries(value).flatMap(([chart, items]) => {
    if (!Array.isArray(items)) throw new Malformed(`has ${title} of ${JSON.stringify(chart)} that are not a list`)
    return items.map((item: unknown) => {
      const result = read(item, title)
      if (result.name !== chart) throw new Malformed(`has ${title} under another name than their own`)
      return result
    })
  })
}

function readEntry(value: unknown, where: string): Entry {
  const problem = additionProblem(value)
  if (problem !== undefined) throw new Malformed(`has ${where} of which one ${problem}`)
  return value as Entry
}

function readRemoval(value: unknown, where: string): Removal {
  const isText = (field: unknown): boolean => field === undefined || typeof field === 'string'
  if (!isObject(value) || !isText(value.digest) || !isText(value.created)) throw new Malformed(`has unusable ${where}`)
  const problem = removalProblem(value)
  if (problem !== undefined) throw new Malformed(`has ${where} of which one ${problem}`)
  return value as unknown as Removal
}

function refuseTwice(items: readonly { readonly name: string; readonly version: string }[]): void {
  if (new Set(items.map(versionKey)).size < items.length) throw new Malformed('names a version twice')
}

function readOrigin(value: unknown): Origin | undefined {
  if (!isObject(value)) return undefined
  const texts = Object.entries(value).filter(([, text]) => typeof text === 'string' && text.length <= MAX_ORIGIN)
  return texts.length === 0 ? undefined : Object.fromEntries(texts)
}
