import { isObject } from '../../text/is-object.ts'
/**
 * What Helm's Go structures demand of the values in an index: one wrong type rejects the whole file.
 * `strings`: a list of strings; `texts`: a mapping to strings; `time`: RFC 3339; `any`: not looked at.
 */
export type FieldType = 'string' | 'bool' | 'time' | 'strings' | 'texts' | 'object' | 'list' | 'any' | ListOf

interface ListOf {
  readonly listOf: Fields
}

/** Fields of one structure by their JSON names. */
export type Fields = ReadonlyMap<string, FieldType>

const fields = (types: Record<string, FieldType>): Fields => new Map(Object.entries(types))

/** helm/helm pkg/chart/v2/metadata.go. */
export const MAINTAINER_FIELDS = fields({ name: 'string', email: 'string', url: 'string' })

/** helm/helm pkg/chart/v2/dependency.go, in the order of its fields. */
export const DEPENDENCY_FIELDS = fields({
  name: 'string',
  version: 'string',
  repository: 'string',
  condition: 'string',
  tags: 'strings',
  enabled: 'bool',
  'import-values': 'list',
  alias: 'string',
})

/** `Metadata` in helm/helm pkg/chart/v2/metadata.go, in the order of its fields. */
export const METADATA_FIELDS = fields({
  name: 'string',
  home: 'string',
  sources: 'strings',
  version: 'string',
  description: 'string',
  keywords: 'strings',
  maintainers: { listOf: MAINTAINER_FIELDS },
  icon: 'string',
  apiVersion: 'string',
  condition: 'string',
  tags: 'string',
  appVersion: 'string',
  deprecated: 'bool',
  annotations: 'texts',
  kubeVersion: 'string',
  dependencies: { listOf: DEPENDENCY_FIELDS },
  type: 'string',
})

/** `ChartVersion` in helm/helm pkg/repo/v1/index.go, with the chart metadata that it embeds. */
export const ENTRY_FIELDS: Fields = new Map([
  ...METADATA_FIELDS,
  ...fields({
    urls: 'strings',
    created: 'time',
    removed: 'bool',
    digest: 'string',
    checksum: 'string',
    engine: 'string',
    tillerVersion: 'string',
    url: 'string',
  }),
])

/** `IndexFile` in helm/helm pkg/repo/v1/index.go. */
export const INDEX_FIELDS = fields({
  serverInfo: 'object',
  apiVersion: 'string',
  generated: 'time',
  entries: 'object',
  publicKeys: 'strings',
  annotations: 'texts',
})

/** Field names are matched without regard to case, as Go's encoding/json does. */
export function fieldNamed(known: Fields, key: string): string | undefined {
  if (known.has(key)) return key
  const folded = key.toLowerCase()
  for (const name of known.keys()) if (name.toLowerCase() === folded) return name
  return undefined
}

/** What is wrong with the value of a field, as `<field> is <what>`, or undefined. `null` stands for an absent value. */
export function typeProblem(field: string, type: FieldType, value: unknown): string | undefined {
  if (value === null || value === undefined || type === 'any') return undefined
  const wrong = (wanted: string): string => `${field} is ${kindOf(value)}, not ${wanted}`
  if (typeof type === 'object') return listProblem(field, type.listOf, value)
  switch (type) {
    case 'string':
      return typeof value === 'string' ? undefined : wrong('a string')
    case 'bool':
      return typeof value === 'boolean' ? undefined : wrong('true or false')
    case 'time':
      return typeof value === 'string' && isRfc3339(value) ? undefined : `${field} is not a time as in RFC 3339`
    case 'strings':
      if (!Array.isArray(value)) return wrong('a list of strings')
      return firstProblem(value, (item) => typeProblem(`an item of ${field}`, 'string', item))
    case 'texts':
      if (!isObject(value)) return wrong('a mapping of strings')
      return firstProblem(Object.entries(value), ([key, item]) => typeProblem(`${field}.${key}`, 'string', item))
    case 'object':
      return isObject(value) ? undefined : wrong('a mapping')
    case 'list':
      return Array.isArray(value) ? undefined : wrong('a list')
  }
}

/** The first field that Helm does not know, in a structure or in one that it holds; undefined when there is none. */
export function unknownField(known: Fields, value: object): string | undefined {
  for (const [key, item] of Object.entries(value)) {
    const name = fieldNamed(known, key)
    if (name === undefined) return key
    const type = known.get(name)
    if (typeof type !== 'object' || !Array.isArray(item)) continue
    const inner = firstProblem(item, (element) => (isObject(element) ? unknownField(type.listOf, element) : undefined))
    if (inner !== undefined) return `${key}.${inner}`
  }
  return undefined
}

function listProblem(field: string, known: Fields, value: unknown): string | undefined {
  if (!Array.isArray(value)) return `${field} is ${kindOf(value)}, not a list`
  return firstProblem(value, (item) => {
    if (item === null) return undefined
    if (!isObject(item)) return `an item of ${field} is ${kindOf(item)}, not a mapping`
    return firstProblem(Object.entries(item), ([key, inner]) => {
      const name = fieldNamed(known, key)
      const type = name === undefined ? undefined : known.get(name)
      return type === undefined ? undefined : typeProblem(`${field}.${key}`, type, inner)
    })
  })
}

function firstProblem<T>(items: readonly T[], problemOf: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const problem = problemOf(item)
    if (problem !== undefined) return problem
  }
  return undefined
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'number' || typeof value === 'boolean') return `the ${typeof value} ${String(value)}`
  return typeof value === 'string' ? 'a string' : 'a mapping'
}

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

function isRfc3339(text: string): boolean {
  const match = RFC3339.exec(text)
  if (match === null) return false
  const [year = 0, month = 0, day = 0] = match.slice(1, 4).map(Number)
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}
