import { METADATA_FIELDS, typeProblem } from '../core/helm/field-types.ts'
import { isObject } from '../text/is-object.ts'
import { parseShallowJson } from '../text/json-depth.ts'
import { HelmS3Error } from '../errors.ts'
import { inHelmOrder } from './chart-yaml.ts'
import { decodeHeaderText } from './header-text.ts'
import { type DraftMetadata, type Metadata, requireKeyParts, validateMetadata } from './metadata.ts'

/**
 * The metadata of a chart from the object metadata `chart-metadata`, which hypnoglow/helm-s3 and this program write.
 *
 * @returns undefined for anything that this program would not have written for a chart that Helm loads: the archive
 *   itself must be read then
 */
export function readStoredMetadata(header: string | undefined): Metadata | undefined {
  const text = header === undefined ? undefined : decodeHeaderText(header)
  const draft = text === undefined ? undefined : parse(text)
  if (draft === undefined) return undefined
  try {
    const metadata = validateMetadata(inHelmOrder(draft))
    requireKeyParts(metadata)
    return metadata
  } catch (error) {
    if (error instanceof HelmS3Error) return undefined
    throw error
  }
}

/** Reads a JSON object whose fields Helm knows, each with a value of its type. */
function parse(text: string): DraftMetadata | undefined {
  let value: unknown
  try {
    value = parseShallowJson(text)
  } catch {
    return undefined
  }
  if (!isObject(value)) return undefined
  const isUsable = Object.entries(value).every(([field, item]) => {
    const type = METADATA_FIELDS.get(field)
    return type !== undefined && item !== null && typeProblem(field, type, item) === undefined
  })
  return isUsable ? value : undefined
}
