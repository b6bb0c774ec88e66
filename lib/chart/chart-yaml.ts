import {
  DEPENDENCY_FIELDS,
  type FieldType,
  type Fields,
  MAINTAINER_FIELDS,
  METADATA_FIELDS,
} from '../core/helm/field-types.ts'
import { MAX_CHART_YAML } from '../text/size-limits.ts'
import { asJson, decodeFields, inFieldOrder } from './decode-fields.ts'
import { readHelmYaml } from './helm-yaml.ts'
import { invalidChart } from './invalid-chart.ts'
import type { DraftMetadata } from './metadata.ts'

/**
 * The metadata of a Chart.yaml, or of a requirements.yaml, which Helm decodes into the same structure. It is not
 * validated. Fields are in Helm's order, and empty fields are left out.
 * @param file its name, for messages
 * @param previous the metadata from an earlier file of the same archive
 * @throws HelmS3Error `invalid-chart` when Helm would refuse the text, or it is larger than 1 MiB
 */
export function readChartYaml(bytes: Uint8Array, file = 'Chart.yaml', previous: DraftMetadata = {}): DraftMetadata {
  if (bytes.length > MAX_CHART_YAML) {
    throw invalidChart(
      `${file} is larger than 1 MiB`,
      'it would be part of every index: move long texts to other files',
    )
  }
  const value = readHelmYaml(bytes, file)
  if (value === undefined) return previous
  return inHelmOrder(decodeFields(value, METADATA_FIELDS, previous, file))
}

/** `Lock` in helm/helm pkg/chart/v2/dependency.go. */
const LOCK_FIELDS: Fields = new Map<string, FieldType>([
  ['generated', 'time'],
  ['digest', 'string'],
  ['dependencies', { listOf: DEPENDENCY_FIELDS }],
])

/** The fields that Go writes even when the file lacks them. */
const EMPTY_LOCK = { dependencies: null, digest: '', generated: '0001-01-01T00:00:00Z' }

/**
 * A Chart.lock or requirements.lock in the form in which Helm writes it again.
 * @throws HelmS3Error `invalid-chart` when Helm's loader would refuse it
 */
export function readLock(bytes: Uint8Array, file: string): Readonly<Record<string, unknown>> {
  const { dependencies, generated, ...others } = decodeFields(readHelmYaml(bytes, file) ?? {}, LOCK_FIELDS, {}, file)
  return {
    ...EMPTY_LOCK,
    ...others,
    ...(Array.isArray(dependencies) && { dependencies: inHelmOrder({ dependencies }).dependencies ?? [] }),
    ...(typeof generated === 'string' && { generated: goTime(generated) }),
  }
}

/** A time in RFC 3339 as Go prints it: without zeros at the end of a fraction, and with Z for UTC. */
function goTime(text: string): string {
  return text
    .replace(/(\.\d*?)0+(?=[Z+-])/i, '$1')
    .replace(/\.(?=[Z+-])/i, '')
    .replace(/\+00:00$/, 'Z')
}

/**
 * Checks that Helm's loader would accept a values.yaml.
 * @throws HelmS3Error `invalid-chart`
 */
export function checkValues(bytes: Uint8Array, file: string): void {
  asJson(readHelmYaml(bytes, file), file)
}

/** The same metadata with its fields in Helm's order. Empty fields are left out. */
export function inHelmOrder(values: Readonly<Record<string, unknown>>): DraftMetadata {
  const { maintainers, dependencies } = values as DraftMetadata
  return inFieldOrder(
    {
      ...values,
      maintainers: maintainers?.map((each) => each && inFieldOrder({ ...each }, MAINTAINER_FIELDS)),
      dependencies: dependencies?.map(
        (each) => each && inFieldOrder({ ...each }, DEPENDENCY_FIELDS, ['name', 'repository']),
      ),
    },
    METADATA_FIELDS,
  )
}
