import type { Entry } from '../../log/entry.ts'
import { parseVersion } from '../../helm/version.ts'
import { ENTRY_FIELDS, type FieldType, type Fields, fieldNamed, typeProblem } from '../../helm/field-types.ts'
import { isObject } from '../../../text/is-object.ts'
import { type IndexForm, entryProblem } from '../index-entry.ts'
import { type IndexItem, newItem } from '../index-item.ts'

/** A field of an item: its value as Helm reads it, and its value as it is written in the text. */
export type Field = readonly [key: string, value: unknown, written: unknown]

/** Keeps the fields that Helm knows, and mends those of a wrong type. A field that cannot be mended is left out. */
export function mendFields(found: readonly Field[]): Record<string, unknown> {
  const entry: Record<string, unknown> = {}
  for (const [key, value, written] of found) {
    const name = fieldNamed(ENTRY_FIELDS, key)
    const type = name === undefined ? undefined : ENTRY_FIELDS.get(name)
    if (name === undefined || type === undefined || value === null || entry[name] !== undefined) continue
    const mended = typeProblem(name, type, value) === undefined ? known(type, value) : mend(type, written)
    if (mended !== undefined && typeProblem(name, type, mended) === undefined) entry[name] = mended
  }
  return entry
}

/**
 * Restores the identity of an entry, because the damage may have hit its name or its version. The entry gets the name
 * of its chart. When its version is not a whole one, the version is taken from the name of the file that the entry
 * points to.
 */
export function mendIdentity(fields: Record<string, unknown>, chart: string | undefined): Record<string, unknown> {
  const name = chart ?? fields['name']
  const { urls, version } = fields
  if (typeof name !== 'string') return fields
  const told =
    isWhole(version) || !Array.isArray(urls)
      ? undefined
      : urls.flatMap((url) => versionInUrl(String(url), name) ?? [])[0]
  return { ...fields, name, ...(told === undefined ? {} : { version: told }) }
}

/** The name of the last chart before an entry without a name, when the name of the entry's file agrees with it. */
export function toldBy({ name, urls }: Record<string, unknown>, last: string | undefined): string | undefined {
  const isUnnamed = typeof name !== 'string' || name === ''
  return isUnnamed &&
    last !== undefined &&
    Array.isArray(urls) &&
    urls.some((url) => versionInUrl(String(url), last) !== undefined)
    ? last
    : undefined
}

function versionInUrl(url: string, name: string): string | undefined {
  const file =
    url
      .replace(/[?#].*$/s, '')
      .split('/')
      .at(-1)
      ?.replaceAll('%2B', '+') ?? ''
  const version =
    file.startsWith(`${name}-`) && file.endsWith('.tgz') ? file.slice(name.length + 1, -'.tgz'.length) : ''
  return isWhole(version) ? version : undefined
}

/** Whether the version has all three numbers: `1.0` may be the rest of a damaged version. */
function isWhole(version: unknown): version is string {
  return typeof version === 'string' && /^v?\d+\.\d+\.\d/.test(version) && parseVersion(version) !== undefined
}

/** The value without the fields that Helm does not know. */
function known(type: FieldType, value: unknown): unknown {
  return typeof type === 'object' && Array.isArray(value)
    ? value.map((item: unknown) => (isObject(item) ? onlyKnown(type.listOf, item) : item))
    : value
}

function onlyKnown(fields: Fields, item: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(item).filter(([key]) => fieldNamed(fields, key) !== undefined))
}

/** A value of this type, made from what is written. Undefined: none can be made. */
function mend(type: FieldType, written: unknown): unknown {
  if (typeof type === 'object') {
    if (!Array.isArray(written)) return undefined
    return written.flatMap((item: unknown) => (isObject(item) ? [mendObject(type.listOf, item)] : []))
  }
  if (type === 'string') return typeof written === 'string' ? written : undefined
  if (type === 'strings' && typeof written === 'string') return [written]
  if (type === 'strings') return Array.isArray(written) ? written.filter((item) => typeof item === 'string') : undefined
  if (type === 'texts')
    return isObject(written)
      ? Object.fromEntries(Object.entries(written).filter(([, item]) => typeof item === 'string'))
      : undefined
  if (type === 'bool') return written === 'true' ? true : written === 'false' ? false : undefined
  if (type !== 'time' || typeof written !== 'string') return undefined
  const time = Date.parse(written)
  return Number.isNaN(time) ? undefined : new Date(time).toISOString()
}

function mendObject(fields: Fields, item: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(item).flatMap(([key, value]) => {
      const name = fieldNamed(fields, key)
      const type = name === undefined ? undefined : fields.get(name)
      const mended = name === undefined || type === undefined ? undefined : mend(type, value)
      return name === undefined || mended === undefined ? [] : [[name, mended] as const]
    }),
  )
}

/**
 * An entry that is valid for Helm except for its missing version, with the version from the name of the file that it
 * points to. Undefined: no file name tells the version.
 */
export function versionedByFile(entry: Entry, chart: string | undefined, form: IndexForm): IndexItem | undefined {
  const { version: _, ...fields } = entry
  return usable(mendIdentity({ ...fields, name: entry.name === '' ? undefined : entry.name }, chart), form)
}

/** A new item for an entry that has all that it needs. Undefined: it has not. */
export function usable(fields: Record<string, unknown>, form: IndexForm): IndexItem | undefined {
  const { name, version } = fields
  if (typeof name !== 'string' || name === '' || typeof version !== 'string' || version === '') return undefined
  const entry: Entry = { ...fields, name, version }
  return entryProblem(entry, form) === undefined ? newItem(entry) : undefined
}
