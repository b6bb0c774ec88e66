/**
 * The part of JSON Schema (draft 2020-12) that describes results. Tests compare every result with its schema. The name
 * and the type of a field never change; new fields may be added.
 */
export interface JsonSchema {
  readonly type?: JsonType | readonly JsonType[]
  readonly description?: string
  readonly enum?: readonly (string | null)[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | JsonSchema
  readonly items?: JsonSchema
}

type JsonType = 'string' | 'integer' | 'number' | 'boolean' | 'null' | 'object' | 'array'

/** The schema of an object with exactly these fields, all of which are always present. */
export function objectOf(properties: Readonly<Record<string, JsonSchema>>, description?: string): JsonSchema {
  const about = description === undefined ? {} : { description }
  return { type: 'object', ...about, properties, required: Object.keys(properties), additionalProperties: false }
}

/** The same schema, but the value may also be null. */
export function objectOrNull(properties: Readonly<Record<string, JsonSchema>>, description: string): JsonSchema {
  return { ...objectOf(properties, description), type: ['object', 'null'] }
}

export function listOf(items: JsonSchema, description?: string): JsonSchema {
  return { type: 'array', ...(description === undefined ? {} : { description }), items }
}

export const text = (description: string): JsonSchema => ({ type: 'string', description })
export const textOrNull = (description: string): JsonSchema => ({ type: ['string', 'null'], description })
export const whole = (description: string): JsonSchema => ({ type: 'integer', description })
export const wholeOrNull = (description: string): JsonSchema => ({ type: ['integer', 'null'], description })
export const truth = (description: string): JsonSchema => ({ type: 'boolean', description })
export const oneOf = (values: readonly string[], description: string): JsonSchema => ({
  type: 'string',
  enum: values,
  description,
})
