import type { Entry } from '../entry.ts'
import { ENTRY_FIELDS, fieldNamed, isObject, typeProblem, unknownField } from './field-types.ts'
import { invalidIndex } from './invalid-index.ts'

/** The two forms of an index text: JSON, or block YAML as `helm repo index` writes it. */
export type IndexForm = 'json' | 'yaml'

/**
 * Why Helm would refuse an index that holds this entry, or undefined. In block YAML a field that Helm does not know is
 * such a reason too; in JSON it is ignored by Helm and kept by us.
 */
export function entryProblem(value: unknown, form: IndexForm): string | undefined {
  if (!isObject(value)) return 'is not a mapping'
  for (const [key, item] of Object.entries(value)) {
    const name = fieldNamed(ENTRY_FIELDS, key)
    const type = name === undefined ? undefined : ENTRY_FIELDS.get(name)
    const problem = type === undefined ? undefined : typeProblem(key, type, item)
    if (problem !== undefined) return problem
  }
  const unknown = form === 'yaml' ? unknownField(ENTRY_FIELDS, value) : undefined
  return unknown === undefined ? undefined : `has the field ${unknown}, which Helm refuses in the YAML form`
}

/**
 * The entry of a decoded value. Fields come under the names that Helm gives them, whatever their case; a field that is
 * null is absent, as in Helm; an entry without name or version, which Helm skips, has `''` there.
 * @param chart the chart under which it stands, for the error
 * @throws HelmS3Error `invalid-index` when Helm would refuse the index because of it
 */
export function entryFrom(value: unknown, chart: string, form: IndexForm): Entry {
  const problem = entryProblem(value, form)
  if (problem !== undefined || !isObject(value)) {
    const version = isObject(value) && typeof value['version'] === 'string' ? ` version ${value['version']}` : ''
    throw invalidIndex(`chart ${chart}${version}: ${problem ?? 'is not a mapping'}`)
  }
  if (isPlainEntry(value)) return value
  const fields = Object.entries(value).flatMap(([key, item]): [string, unknown][] => {
    const name = fieldNamed(ENTRY_FIELDS, key)
    return name !== undefined && item === null ? [] : [[name ?? key, item]]
  })
  return { name: '', version: '', ...Object.fromEntries(fields) }
}

function isPlainEntry(value: Record<string, unknown>): value is Entry {
  if (typeof value['name'] !== 'string' || typeof value['version'] !== 'string') return false
  return Object.keys(value).every((key) => (ENTRY_FIELDS.has(key) ? value[key] !== null : fieldNamed(ENTRY_FIELDS, key) === undefined))
}
