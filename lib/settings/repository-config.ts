import { parseDuration } from '../text/duration.ts'
import { HelmS3Error } from '../errors.ts'
import { objectSettingsOf } from './objects.ts'
import { type Sourced, unusable } from './sources.ts'
import { isObject } from '../text/is-object.ts'
import type { IndexForm } from '../core/index/index-entry.ts'
import { parseShallowJson } from '../text/json-depth.ts'
import { MAX_CONFIG } from '../text/size-limits.ts'

/** The defaults that a repository can set for everyone who writes to it, in the order in which they are shown. */
export const CONFIG_KEYS = [
  'relative',
  'publish-url',
  'literal-plus',
  'acl',
  'sse',
  'sse-kms-key-id',
  'grace-window',
  'format',
] as const

export type ConfigKey = (typeof CONFIG_KEYS)[number]

/** The values as texts, as the user types them. */
export type ConfigTexts = Readonly<Partial<Record<ConfigKey, string>>>

/** The defaults of a repository. Undefined: the repository sets no such default. */
export interface RepositoryConfig {
  /** Whether the url of a new entry is the file name alone. */
  readonly relative?: boolean
  /** `https://…` without a slash at the end, which stands before `/<file>` in `urls` of new entries. */
  readonly publishUrl?: string
  /** Whether new entries have a `+` in their urls as it is, instead of `%2B`. */
  readonly literalPlus?: boolean
  readonly acl?: string
  readonly sse?: string
  readonly sseKmsKeyId?: string
  /** Milliseconds; at least {@link MIN_GRACE_WINDOW}. */
  readonly graceWindow?: number
  readonly format?: IndexForm
}

/** The JSON object that is stored. Keys that this program does not know are kept. */
export type ConfigDocument = Readonly<Record<string, unknown>>

/** The shortest grace window, milliseconds. */
export const MIN_GRACE_WINDOW = 60_000
/** The message and the hint for a shorter grace window. */
export const SHORT_GRACE_WINDOW = {
  problem: 'the grace window must be at least 1m',
  hint: 'it is how long a stale overwrite of index.yaml can be repaired; the default is 5m',
}

/** The key whose random value makes the bytes of each write different, so that no two writes have the same ETag. */
const WRITE = 'write'

const HTTPS_HINT = 'write it as https://HOST/PATH'

/** How a value is checked and written: the function returns the text to store. @throws HelmS3Error `invalid-config` */
const CHECKS: Readonly<Record<ConfigKey, (given: Sourced) => string>> = {
  relative: (given) => oneOf(given, ['true', 'false']),
  'publish-url': baseUrl,
  'literal-plus': (given) => oneOf(given, ['true', 'false']),
  acl: (given) => (objectSettingsOf({ acl: given }), given.value),
  sse: (given) => (objectSettingsOf({ sse: given }), given.value),
  'sse-kms-key-id': (given) => (objectSettingsOf({ key: given }), given.value),
  'grace-window': graceWindow,
  format: (given) => oneOf(given, ['json', 'yaml']),
}

/** Whether the value is stored as true or false. */
function isTruth(key: ConfigKey): boolean {
  return key === 'relative' || key === 'literal-plus'
}

export function isConfigKey(text: string): text is ConfigKey {
  return CONFIG_KEYS.some((key) => key === text)
}

/**
 * The document with these changes; undefined removes a key. The values that it already holds are checked, too, so that
 * nothing is written that readers would ignore.
 * @throws HelmS3Error `invalid-config`: a value that cannot be used, or that contradicts another
 */
export function changeConfig(
  document: ConfigDocument,
  changes: Readonly<Partial<Record<ConfigKey, string | undefined>>>,
): ConfigDocument {
  const next: Record<string, unknown> = { ...document }
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) delete next[key]
    else next[key] = value
  }
  const texts: Partial<Record<ConfigKey, string>> = {}
  for (const key of CONFIG_KEYS) {
    if (next[key] === undefined) continue
    const text = checked(key, next[key])
    texts[key] = text
    next[key] = isTruth(key) ? text === 'true' : text
  }
  const [problem] = contradictions(texts)
  if (problem !== undefined)
    throw new HelmS3Error('invalid-config', problem.reason, {
      hint: `take it away with --unset ${problem.key}, in the same command`,
    })
  return next
}

/** Whether two documents hold the same values, whoever wrote them. */
export function isSameConfig(a: ConfigDocument, b: ConfigDocument): boolean {
  const text = (document: ConfigDocument): string =>
    JSON.stringify(Object.entries({ ...document, [WRITE]: undefined }).sort(([x], [y]) => (x < y ? -1 : 1)))
  return text(a) === text(b)
}

/** The JSON text of the document. `writeId`: random, and different for each write. */
export function encodeConfig(document: ConfigDocument, writeId: string): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify({ ...document, [WRITE]: writeId }, undefined, 2)}\n`)
}

/** What a reader understands of a document. `ignored`: the values that cannot be used, one line each. */
export interface DecodedConfig {
  readonly document: ConfigDocument
  readonly texts: ConfigTexts
  readonly ignored: readonly string[]
  /** The document is not a JSON object. */
  readonly isUnreadable: boolean
}

export const NO_CONFIG: DecodedConfig = { document: {}, texts: {}, ignored: [], isUnreadable: false }

/** The result for a document above the size limit. */
export const TOO_LARGE_CONFIG = unreadable(`it is larger than ${String(MAX_CONFIG / 1024)} KiB`)

/** Reads tolerantly: unknown keys are left alone, and values that cannot be used are ignored. */
export function decodeConfig(bytes: Uint8Array): DecodedConfig {
  if (bytes.length > MAX_CONFIG) return TOO_LARGE_CONFIG
  const document = parseObject(bytes)
  if (document === undefined) return unreadable('it is not a JSON object')
  const texts: Partial<Record<ConfigKey, string>> = {}
  const ignored: string[] = []
  for (const key of CONFIG_KEYS) {
    if (!Object.hasOwn(document, key)) continue
    try {
      texts[key] = checked(key, document[key])
    } catch (error) {
      if (!(error instanceof HelmS3Error)) throw error
      ignored.push(error.message)
    }
  }
  for (const { key, reason } of contradictions(texts)) {
    ignored.push(reason)
    delete texts[key]
  }
  return { document, texts, ignored, isUnreadable: false }
}

/** The values with their types. `texts` must have been checked. */
export function configOf(texts: ConfigTexts): RepositoryConfig {
  const { acl, format, relative, sse } = texts
  const graceWindow = texts['grace-window'] === undefined ? undefined : parseDuration(texts['grace-window'])
  return {
    ...(relative === undefined ? {} : { relative: relative === 'true' }),
    ...(texts['publish-url'] === undefined ? {} : { publishUrl: texts['publish-url'] }),
    ...(texts['literal-plus'] === undefined ? {} : { literalPlus: texts['literal-plus'] === 'true' }),
    ...(acl === undefined ? {} : { acl }),
    ...(sse === undefined ? {} : { sse }),
    ...(texts['sse-kms-key-id'] === undefined ? {} : { sseKmsKeyId: texts['sse-kms-key-id'] }),
    ...(typeof graceWindow === 'number' ? { graceWindow } : {}),
    ...(format === 'json' || format === 'yaml' ? { format } : {}),
  }
}

function unreadable(problem: string): DecodedConfig {
  return { ...NO_CONFIG, ignored: [problem], isUnreadable: true }
}

function parseObject(bytes: Uint8Array): ConfigDocument | undefined {
  try {
    const value = parseShallowJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return isObject(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}

function checked(key: ConfigKey, value: unknown): string {
  const given = {
    value: typeof value === 'string' || typeof value === 'boolean' ? String(value) : (JSON.stringify(value) ?? ''),
    from: key,
  }
  if (typeof value !== 'string' && !(isTruth(key) && typeof value === 'boolean'))
    throw unusable(given, 'must be a text')
  if (given.value === '') throw unusable(given, 'must not be empty', `\`--unset ${key}\` takes it away`)
  return CHECKS[key](given)
}

/** The values that contradict others, and why. */
function contradictions({
  relative,
  sse,
  ...texts
}: ConfigTexts): readonly { readonly key: ConfigKey; readonly reason: string }[] {
  const url = texts['publish-url']
  const kms = texts['sse-kms-key-id']
  const found: { readonly key: ConfigKey; readonly reason: string }[] = []
  if (relative === 'true' && url !== undefined)
    found.push({
      key: 'publish-url',
      reason: `publish-url=${url} contradicts relative=true: an entry has one kind of url`,
    })
  if (sse !== undefined && kms !== undefined) {
    try {
      objectSettingsOf({ sse: { value: sse, from: 'sse' }, key: { value: kms, from: 'sse-kms-key-id' } })
    } catch (error) {
      if (!(error instanceof HelmS3Error)) throw error
      found.push({ key: 'sse-kms-key-id', reason: error.message })
    }
  }
  return found
}

function oneOf(given: Sourced, values: readonly string[]): string {
  if (!values.includes(given.value)) throw unusable(given, `must be ${values.join(' or ')}`)
  return given.value
}

function graceWindow(given: Sourced): string {
  const milliseconds = parseDuration(given.value)
  if (typeof milliseconds === 'object') throw unusable(given, milliseconds.problem)
  if (milliseconds < MIN_GRACE_WINDOW) throw unusable(given, SHORT_GRACE_WINDOW.problem, SHORT_GRACE_WINDOW.hint)
  return given.value
}

function baseUrl(given: Sourced): string {
  if (!URL.canParse(given.value)) throw unusable(given, 'not a URL', HTTPS_HINT)
  const url = new URL(given.value)
  if (url.username !== '' || url.password !== '')
    throw unusable({ ...given, value: '…' }, 'a URL with a user name or a password', HTTPS_HINT)
  if (url.protocol !== 'https:') throw unusable(given, 'not an https URL', HTTPS_HINT)
  if (/[?#]/.test(given.value)) throw unusable(given, 'file names cannot follow a query or a fragment', HTTPS_HINT)
  return url.href.replace(/\/+$/, '')
}
