import { parseVersion } from './version.ts'

/**
 * The metadata of a chart as far as Helm validates it. Any field may be absent, and lists may hold null where the text
 * does.
 */
export interface CheckedMetadata {
  readonly name?: string
  readonly version?: string
  readonly apiVersion?: string
  readonly type?: string
  readonly maintainers?: readonly (object | null)[]
  readonly dependencies?: readonly ({ readonly name: string; readonly alias?: string } | null)[]
}

/**
 * Why Helm finds a chart's metadata invalid, or undefined when it does not. Follows `Validate` in helm/helm
 * pkg/chart/v2/metadata.go, except for two dependencies of one name: that is an error in an archive, but not in an
 * index.
 */
export function metadataProblem(metadata: CheckedMetadata): string | undefined {
  return fieldProblem(metadata) ?? maintainerProblem(metadata) ?? dependencyProblem(metadata)
}

function fieldProblem({ apiVersion, name, version, type }: CheckedMetadata): string | undefined {
  if (!apiVersion) return 'chart.metadata.apiVersion is required'
  if (!name) return 'chart.metadata.name is required'
  if (name === '.' || name === '..' || name.includes('/'))
    return `chart.metadata.name ${JSON.stringify(name)} is invalid`
  if (!version) return 'chart.metadata.version is required'
  if (parseVersion(version) === undefined) return `chart.metadata.version ${JSON.stringify(version)} is invalid`
  if (type !== undefined && type !== 'application' && type !== 'library') {
    return 'chart.metadata.type must be application or library'
  }
  return undefined
}

function maintainerProblem({ maintainers = [] }: CheckedMetadata): string | undefined {
  return maintainers.includes(null) ? 'maintainers must not contain empty or null nodes' : undefined
}

function dependencyProblem({ dependencies = [] }: CheckedMetadata): string | undefined {
  for (const dependency of dependencies) {
    if (dependency === null) return 'dependencies must not contain empty or null nodes'
    const { name, alias } = dependency
    if (alias !== undefined && !/^[a-zA-Z0-9_-]+$/.test(alias)) {
      return `dependency ${JSON.stringify(name)} has disallowed characters in the alias`
    }
  }
  return undefined
}
