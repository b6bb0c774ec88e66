import { type FieldType, type Fields, fieldNamed, typeProblem } from '../core/helm/field-types.ts'
import { compareBytes } from '../text/byte-order.ts'
import { isObject } from '../text/is-object.ts'
import { floatText } from '../yaml/scalar.ts'
import { cannotLoad } from './helm-yaml.ts'

type Values = Readonly<Record<string, unknown>>

/**
 * Fills a Go structure from a mapping, as sigs.k8s.io/yaml and encoding/json do. Field names match in any case, and
 * unknown fields are dropped. Scalars become strings where strings are expected. Null leaves a string or a flag as it
 * is, and empties any other field.
 * @param previous what the structure holds already: lists are filled item by item over the old items, mappings key by
 *   key
 * @param file its name, for messages
 * @throws HelmS3Error `invalid-chart` for a value of a wrong type, and for a value that JSON cannot express
 */
export function decodeFields(value: Values, known: Fields, previous: Values, file: string): Values {
  const filled: Record<string, unknown> = { ...previous }
  const inGoOrder = Object.keys(value).sort(compareBytes)
  for (const key of inGoOrder) {
    const name = fieldNamed(known, key)
    const type = name === undefined ? undefined : known.get(name)
    if (name === undefined || type === undefined) asJson(value[key], file)
    else filled[name] = decodeField(key, type, filled[name], value[key], file)
  }
  return filled
}

/**
 * The fields of a structure in their order, as Go writes them to JSON, without the empty ones.
 * @param kept fields that are written even when they are empty
 */
export function inFieldOrder(values: Values, known: Fields, kept: readonly string[] = []): Values {
  const fields = [...known].flatMap(([name, type]): [string, unknown][] => {
    const value = values[name]
    if (kept.includes(name)) return [[name, value ?? '']]
    return isEmpty(value) ? [] : [[name, type === 'texts' ? sortedByKey(value as Values) : value]]
  })
  return Object.fromEntries(fields)
}

/**
 * The value that remains when a YAML value is written as JSON and read again: large whole numbers become inexact, and
 * keys are sorted.
 * @throws HelmS3Error `invalid-chart` for an infinite number and for NaN
 */
export function asJson(value: unknown, file: string): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'number' && !Number.isFinite(value))
    throw cannotLoad(file, `${floatText(value)} is not a number in JSON`)
  if (Array.isArray(value)) return value.map((item) => asJson(item, file))
  if (!isObject(value)) return value
  return sortedByKey(Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asJson(item, file)])))
}

function decodeField(key: string, type: FieldType, previous: unknown, value: unknown, file: string): unknown {
  const list = Array.isArray(previous) ? (previous as unknown[]) : []
  if (value === null) return type === 'string' || type === 'bool' ? previous : undefined
  if (typeof type === 'object' && Array.isArray(value)) {
    return value.map((item, at) =>
      isObject(item) ? decodeFields(item, type.listOf, valuesOf(list[at]), file) : checked(item, null),
    )
  }
  if (type === 'strings' && Array.isArray(value)) {
    return value.map((item, at) => (item === null ? (list[at] ?? '') : checked(textOf(item), 'string')))
  }
  if (type === 'texts' && isObject(value)) {
    const texts = Object.entries(value).map(([name, item]): [string, unknown] => [
      name,
      checked(textOf(item) ?? '', 'string'),
    ])
    return { ...valuesOf(previous), ...Object.fromEntries(texts) }
  }
  return type === 'string' ? checked(textOf(value), type) : checked(asJson(value, file), type)

  function checked(item: unknown, wanted: FieldType | null): unknown {
    const problem =
      wanted === null ? item !== null && `an item of ${key} is no mapping` : typeProblem(key, wanted, item)
    if (problem) throw cannotLoad(file, problem)
    return item
  }
}

/** A scalar becomes the string that Helm makes of it. Any other value stays as it is. */
function textOf(value: unknown): unknown {
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  return typeof value === 'number' ? floatText(value) : value
}

function valuesOf(value: unknown): Values {
  return isObject(value) ? value : {}
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

function sortedByKey(values: Values): Values {
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => compareBytes(a, b)))
}
