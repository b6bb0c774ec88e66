import type { ChartMetadata } from '../core/log/chart-entry.ts'
import { identityProblem } from '../core/helm/entry-shape.ts'
import { metadataProblem } from '../core/helm/metadata-problem.ts'
import { invalidChart } from './invalid-chart.ts'

/** A person or a team of Chart.yaml. */
export interface Maintainer {
  readonly name?: string
  readonly email?: string
  readonly url?: string
}

/** A chart that this one needs. */
export interface Dependency {
  readonly name: string
  readonly version?: string
  readonly repository: string
  readonly condition?: string
  readonly tags?: readonly string[]
  readonly enabled?: boolean
  readonly 'import-values'?: readonly unknown[]
  readonly alias?: string
}

/**
 * The content of Chart.yaml as Helm's loader leaves it: a JSON object with its fields in Helm's order. Empty fields are
 * left out (helm/helm pkg/chart/v2/metadata.go).
 */
export interface Metadata extends ChartMetadata {
  readonly home?: string
  readonly sources?: readonly string[]
  readonly description?: string
  readonly keywords?: readonly string[]
  readonly maintainers?: readonly Maintainer[]
  readonly icon?: string
  readonly apiVersion: string
  readonly condition?: string
  readonly tags?: string
  readonly appVersion?: string
  readonly deprecated?: boolean
  readonly annotations?: Readonly<Record<string, string>>
  readonly kubeVersion?: string
  readonly dependencies?: readonly Dependency[]
  readonly type?: string
}

/** Metadata before validation. Any field may be absent, and lists may hold null where the text does. */
export interface DraftMetadata {
  readonly name?: string
  readonly version?: string
  readonly apiVersion?: string
  readonly type?: string
  readonly maintainers?: readonly (Maintainer | null)[]
  readonly dependencies?: readonly (Dependency | null)[]
  readonly [field: string]: unknown
}

/** The beginning of an error message that is about the metadata of a chart, and not about its archive. */
export const REFUSED_METADATA = 'validation: '

/**
 * The metadata as Helm would use it, without characters that cannot be printed.
 * @throws HelmS3Error `invalid-chart` when Helm would refuse the chart
 */
export function validateMetadata(draft: DraftMetadata): Metadata {
  const clean = sanitize(draft)
  const problem = metadataProblem(clean) ?? twiceNamed(clean)
  if (problem !== undefined) {
    throw invalidChart(`${REFUSED_METADATA}${problem}`, 'repair Chart.yaml and package the chart again')
  }
  return clean as Metadata
}

const SANITIZED = [
  'name',
  'description',
  'home',
  'icon',
  'condition',
  'tags',
  'appVersion',
  'kubeVersion',
  'sources',
  'keywords',
]
const SANITIZED_OF_MAINTAINER = ['name', 'email', 'url']
const SANITIZED_OF_DEPENDENCY = ['name', 'version', 'repository', 'condition', 'tags']

/**
 * Cleans the texts. `version`, `type` and `annotations` stay as they are, as in Helm. A field that becomes empty is
 * left out.
 */
function sanitize(draft: DraftMetadata): DraftMetadata {
  const clean = sanitizeFields(draft, SANITIZED, [])
  return {
    ...clean,
    ...(draft.maintainers && {
      maintainers: draft.maintainers.map((each) => each && sanitizeFields(each, SANITIZED_OF_MAINTAINER, [])),
    }),
    ...(draft.dependencies && {
      dependencies: draft.dependencies.map(
        (each) => each && sanitizeFields(each, SANITIZED_OF_DEPENDENCY, ['name', 'repository']),
      ),
    }),
  }
}

function sanitizeFields<T extends object>(value: T, fields: readonly string[], kept: readonly string[]): T {
  const clean = Object.entries(value).flatMap(([field, item]: [string, unknown]): [string, unknown][] => {
    if (!fields.includes(field)) return [[field, item]]
    if (Array.isArray(item)) return [[field, item.map((text) => sanitizeText(String(text)))]]
    const text = sanitizeText(String(item))
    return text === '' && !kept.includes(field) ? [] : [[field, text]]
  })
  return Object.fromEntries(clean) as T
}

/** White space becomes a space. Characters that Go's `unicode.IsPrint` does not accept are removed. */
function sanitizeText(text: string): string {
  return text.replace(/\p{White_Space}/gu, ' ').replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '')
}

function twiceNamed({ dependencies = [] }: DraftMetadata): string | undefined {
  const known = new Set<string>()
  for (const dependency of dependencies) {
    const key = dependency?.alias ?? dependency?.name ?? ''
    if (known.has(key)) return `more than one dependency with name or alias ${JSON.stringify(key)}`
    known.add(key)
  }
  return undefined
}

/**
 * Checks name and version more strictly than Helm: they make up the key of the archive, so each must be one safe path
 * segment.
 * @throws HelmS3Error `invalid-chart`
 */
export function requireKeyParts(metadata: Metadata): void {
  const problem = identityProblem(metadata)
  if (problem !== undefined) throw invalidChart(`the chart ${problem}`, 'repair Chart.yaml and package the chart again')
}
