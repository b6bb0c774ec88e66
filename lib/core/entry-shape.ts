import { parseVersion } from './version.ts'

type Check = (value: unknown) => boolean

const isString: Check = (value) => typeof value === 'string'
const isBoolean: Check = (value) => typeof value === 'boolean'
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isListOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)
const isMapOf =
  (check: Check): Check =>
  (value) =>
    isObject(value) && Object.values(value).every(check)
const hasFields =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isObject(value) && Object.entries(fields).every(([field, check]) => value[field] === undefined || check(value[field]))

const isTime: Check = (value) =>
  typeof value === 'string' &&
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value) &&
  !Number.isNaN(Date.parse(value))

const isMaintainer = hasFields({ name: isString, email: isString, url: isString })
const isDependency = hasFields({
  name: isString,
  version: isString,
  repository: isString,
  condition: isString,
  tags: isListOf(isString),
  enabled: isBoolean,
  'import-values': Array.isArray,
  alias: isString,
})

/** The fields of Helm's `ChartVersion` and their types (helm/helm pkg/repo/v1/index.go, pkg/chart/v2/metadata.go). */
const FIELDS: Readonly<Record<string, Check>> = {
  name: isString,
  home: isString,
  sources: isListOf(isString),
  version: isString,
  description: isString,
  keywords: isListOf(isString),
  maintainers: isListOf(isMaintainer),
  icon: isString,
  apiVersion: isString,
  condition: isString,
  tags: isString,
  appVersion: isString,
  deprecated: isBoolean,
  annotations: isMapOf(isString),
  kubeVersion: isString,
  dependencies: isListOf(isDependency),
  type: (value) => value === '' || value === 'application' || value === 'library',
  urls: isListOf(isString),
  created: isTime,
  removed: isBoolean,
  digest: isString,
  checksum: isString,
  engine: isString,
  tillerVersion: isString,
  url: isString,
}

/**
 * Why Helm could not use this value as an index entry, or undefined when it can. One entry with a field of a wrong type
 * makes Helm reject the whole index, so none may ever get in.
 */
export function entryProblem(value: unknown): string | undefined {
  if (!isObject(value)) return 'is not a mapping'
  for (const [field, content] of Object.entries(value)) {
    const check = FIELDS[field]
    if (check === undefined) return `has the unknown field ${JSON.stringify(field)}`
    if (!check(content)) return `has an unusable value in ${field}`
  }
  return identityProblem(value) ?? (Array.isArray(value.urls) && value.urls.length > 0 ? urlProblem(value.urls) : 'has no urls')
}

/** Why a name and a version cannot identify a chart version, or undefined when they can. */
export function identityProblem(value: { readonly name?: unknown; readonly version?: unknown }): string | undefined {
  const { name, version } = value
  if (typeof name !== 'string' || name === '') return 'has no name'
  if (typeof version !== 'string' || version === '') return 'has no version'
  if (!isSafeSegment(name)) return 'has a name that is not a single path segment'
  if (!isSafeSegment(version)) return 'has a version that is not a single path segment'
  if (parseVersion(version) === undefined) return `has the invalid version ${JSON.stringify(version)}`
  return undefined
}

function urlProblem(urls: readonly unknown[]): string | undefined {
  return urls.every(isAcceptableUrl) ? undefined : 'has an url that leaves the repository'
}

/** A relative url is a single path segment; an absolute one has the repository's scheme. */
const isAcceptableUrl: Check = (value) => {
  if (typeof value !== 'string' || value === '') return false
  if (/^s3:\/\/[^/]/i.test(value)) return !hasControlCharacter(value)
  return isSafeSegment(value) && !/^[a-z][a-z0-9+.-]*:/i.test(value)
}

function isSafeSegment(text: string): boolean {
  return !(/[/\\]|%2f|%5c/i.test(text) || text === '.' || text === '..' || hasControlCharacter(text))
}

function hasControlCharacter(text: string): boolean {
  return /[\p{Cc}\p{Cs}]/u.test(text)
}
