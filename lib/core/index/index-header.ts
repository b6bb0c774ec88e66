import { type Annotations, decodeAnnotations, encodeAnnotations } from './bookkeeping-text.ts'
import { INDEX_FIELDS, fieldNamed, typeProblem } from '../helm/field-types.ts'
import { isObject } from '../../text/is-object.ts'
import type { IndexForm } from './index-entry.ts'
import { invalidIndex } from './invalid-index.ts'

/** All of an index except its entries. */
export interface IndexHeader {
  readonly apiVersion: string
  /** RFC 3339. */
  readonly generated: string | undefined
  readonly annotations: Annotations
  /** `serverInfo`, `publicKeys` and, in JSON, top-level keys that Helm does not know. */
  readonly others: ReadonlyMap<string, unknown>
}

/**
 * The header from the top-level fields of an index. `entries` is not looked at.
 * @throws HelmS3Error `invalid-index` when Helm would refuse it
 */
export function headerFrom(fields: Readonly<Record<string, unknown>>, form: IndexForm): IndexHeader {
  const known = new Map<string, unknown>()
  const others = new Map<string, unknown>()
  for (const [key, value] of Object.entries(fields)) {
    const name = fieldNamed(INDEX_FIELDS, key)
    if (name === undefined && form === 'yaml') throw invalidIndex(`the field ${key} is unknown to Helm`)
    if (name === undefined || name === 'serverInfo' || name === 'publicKeys') others.set(name ?? key, value)
    const problem = name === undefined ? undefined : typeProblem(name, INDEX_FIELDS.get(name) ?? 'any', value)
    if (problem !== undefined) throw invalidIndex(problem)
    if (name !== undefined) known.set(name, value)
  }
  const apiVersion = known.get('apiVersion')
  if (typeof apiVersion !== 'string' || apiVersion === '') throw invalidIndex('no apiVersion is given')
  const generated = known.get('generated')
  return {
    apiVersion,
    generated: typeof generated === 'string' ? generated : undefined,
    annotations: decodeAnnotations(texts(known.get('annotations'))),
    others,
  }
}

/** The top-level fields to write before `entries`: those that hardly ever change. */
export function firstFields(header: IndexHeader): Map<string, unknown> {
  return new Map<string, unknown>([['apiVersion', header.apiVersion], ...header.others])
}

/** The top-level fields to write after `entries`: those that every write changes. */
export function lastFields(header: IndexHeader): Map<string, unknown> {
  const fields = new Map<string, unknown>()
  if (header.generated !== undefined) fields.set('generated', header.generated)
  const annotations = encodeAnnotations(header.annotations)
  if (annotations.size > 0) fields.set('annotations', Object.fromEntries(annotations))
  return fields
}

/**
 * Returns the header when an index of this form may have it.
 * @throws HelmS3Error `invalid-index` when it holds a field that Helm refuses in block YAML
 */
export function writableHeader(header: IndexHeader, form: IndexForm): IndexHeader {
  const unknown = [...header.others.keys()].find((key) => !INDEX_FIELDS.has(key))
  if (form === 'json' || unknown === undefined) return header
  throw invalidIndex(`it has the field ${unknown}, which Helm refuses in the YAML form`)
}

function texts(value: unknown): Record<string, string> {
  if (!isObject(value)) return {}
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, typeof text === 'string' ? text : '']))
}
