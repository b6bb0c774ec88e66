import type { Entry } from '../log/entry.ts'
import { ENTRY_FIELDS, fieldNamed, typeProblem, unknownField } from '../helm/field-types.ts'
import { isObject } from '../../text/is-object.ts'
import { invalidIndex } from './invalid-index.ts'

/** The two forms of an index text: JSON, or block YAML as `helm repo index` writes it. */
export type IndexForm = 'json' | 'yaml'

/**
 * Why Helm would refuse an index that holds this entry, or undefined. In block YAML, a field that Helm does not know is
 * such a reason. In JSON, Helm ignores such a field, and this program keeps it.
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
 * The entry of a decoded value. Fields get the names that Helm gives them, whatever their case. A null field is absent,
 * as in Helm. An entry without a name or a version, which Helm skips, has `''` there.
 * @param chart the chart under which it stands, for the error
 * @throws HelmS3Error `invalid-index` when Helm would refuse the index because of it
 */
function entryFrom(value: unknown, chart: string, form: IndexForm): Entry {
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

/**
 * The entries of a decoded list, without null items.
 * @throws HelmS3Error `invalid-index` when Helm would refuse the index because of it
 */
export function entriesFrom(list: unknown, chart: string, form: IndexForm): readonly Entry[] {
  if (list === null) return []
  if (!Array.isArray(list)) throw invalidIndex(`chart ${chart} is not a list of versions`)
  return list.filter((value) => value !== null).map((value) => entryFrom(value, chart, form))
}

/**
 * Returns the entry when an index of this form may hold it. An entry that Helm would refuse is never written.
 * @throws HelmS3Error `invalid-index`
 */
export function writable(entry: Entry, chart: string, form: IndexForm): Entry {
  const problem = entryProblem(entry, form)
  if (problem !== undefined) throw invalidIndex(`chart ${chart} version ${entry.version}: ${problem}`)
  return entry
}

function isPlainEntry(value: Record<string, unknown>): value is Entry {
  if (typeof value['name'] !== 'string' || typeof value['version'] !== 'string') return false
  const isPlain = (key: string): boolean =>
    ENTRY_FIELDS.has(key) ? value[key] !== null : fieldNamed(ENTRY_FIELDS, key) === undefined
  return Object.keys(value).every(isPlain)
}
