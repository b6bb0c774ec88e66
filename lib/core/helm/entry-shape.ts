import { hasOwnQuery } from '../entry-urls.ts'
import { ENTRY_FIELDS, typeProblem } from './field-types.ts'
import { isObject } from '../../text/is-object.ts'
import { hasScheme } from '../keys.ts'
import { MAX_NAME } from '../../text/size-limits.ts'
import { parseVersion } from './version.ts'

/**
 * Why a delta cannot add this value as an entry, or undefined when it can. Reasons are that Helm could not use the
 * entry, or that its urls lead outside the repository. One entry with a field of a wrong type makes Helm reject the
 * whole index, so no such entry may get in.
 */
export function additionProblem(value: unknown): string | undefined {
  if (!isObject(value)) return 'is not a mapping'
  for (const [field, content] of Object.entries(value)) {
    const type = ENTRY_FIELDS.get(field)
    if (type === undefined) return `has the unknown field ${JSON.stringify(field)}`
    const problem = typeProblem(field, type, content)
    if (problem !== undefined) return `is unusable: ${problem}`
  }
  if (!['application', 'library', '', undefined, null].includes(value.type as string))
    return 'has a type that is neither application nor library'
  return (
    identityProblem(value) ??
    (Array.isArray(value.urls) && value.urls.length > 0 ? urlProblem(value.urls) : 'has no urls')
  )
}

/** Why a name and a version cannot identify a chart version, or undefined when they can. */
export function identityProblem(value: { readonly name?: unknown; readonly version?: unknown }): string | undefined {
  const { name, version } = value
  const problem = nameProblem(name)
  if (problem !== undefined) return problem
  if (typeof version !== 'string' || version === '') return 'has no version'
  if (version.length > MAX_NAME) return `has a version of more than ${String(MAX_NAME)} characters`
  if (!isSafeSegment(version)) return 'has a version that is not a single path segment'
  if (parseVersion(version) === undefined) return `has the invalid version ${JSON.stringify(version)}`
  return undefined
}

/** Why a name cannot be the name of a chart, or undefined when it can. */
export function nameProblem(name: unknown): string | undefined {
  if (typeof name !== 'string' || name === '') return 'has no name'
  if (name.length > MAX_NAME) return `has a name of more than ${String(MAX_NAME)} characters`
  return isSafeSegment(name) ? undefined : 'has a name that is not a single path segment'
}

/**
 * Why a removal cannot name an entry, or undefined when it can. A removal names an entry by the texts under which it
 * stands in the index, and an index may hold what no push could add: `1.0.0.0`, a name with a slash, no version at all.
 * No key is built from these texts.
 */
export function removalProblem({
  name,
  version,
}: {
  readonly name?: unknown
  readonly version?: unknown
}): string | undefined {
  if (typeof name !== 'string') return 'has no name'
  return typeof version === 'string' ? undefined : 'has no version'
}

function urlProblem(urls: readonly unknown[]): string | undefined {
  if (urls.some((url) => typeof url === 'string' && hasOwnQuery(url))) return 'has an s3:// url with a query'
  return urls.every(isAcceptableUrl) ? undefined : 'has a URL outside the repository'
}

/**
 * Whether an entry may have this url. A relative url is a single path segment. An absolute url begins with `s3://` and
 * has no query; in a published repository it may begin with `https://`.
 */
function isAcceptableUrl(value: unknown): boolean {
  if (typeof value !== 'string' || value === '') return false
  if (/^(?:s3|https):\/\/[^/]/i.test(value)) return !hasControlCharacter(value)
  return isSafeSegment(value) && !hasScheme(value)
}

function isSafeSegment(text: string): boolean {
  return !(/[/\\]|%2f|%5c/i.test(text) || text === '.' || text === '..' || hasControlCharacter(text))
}

function hasControlCharacter(text: string): boolean {
  return /[\p{Cc}\p{Cs}]/u.test(text)
}
