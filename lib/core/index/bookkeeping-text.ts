import { type Bookkeeping, type FoldedDelta, NO_BOOKKEEPING } from '../log/bookkeeping.ts'
import { type DeltaId, parseDeltaId } from '../log/delta-id.ts'
import type { VersionId } from '../log/entry.ts'
import { parseShallowJson } from '../../text/json-depth.ts'
import { isObject } from '../../text/is-object.ts'
import { invalidIndex } from './invalid-index.ts'

/** Index-level annotations: those of other programs, and the bookkeeping of this one. */
export interface Annotations {
  readonly bookkeeping: Bookkeeping
  /**
   * All annotations that are not bookkeeping, in the order of the text, with keys of a newer version of this program.
   */
  readonly foreign: ReadonlyMap<string, string>
}

export const GENERATION_KEY = 'helm-s3/generation'
export const WRITE_KEY = 'helm-s3/write'
export const FOLDED_PREFIX = 'helm-s3/folded/'
export const EMPTIED_KEY = 'helm-s3/emptied'

/**
 * Separates our keys from the other index-level annotations.
 * @throws HelmS3Error `invalid-index` when one of them has a value that this program would not write
 */
export function decodeAnnotations(annotations: Readonly<Record<string, string>>): Annotations {
  const foreign = new Map<string, string>()
  const folded = new Map<DeltaId, FoldedDelta>()
  let { generation, writeId } = NO_BOOKKEEPING
  let emptiedBy: string | undefined
  for (const [key, value] of Object.entries(annotations)) {
    const id = key.startsWith(FOLDED_PREFIX) ? parseDeltaId(key.slice(FOLDED_PREFIX.length)) : undefined
    if (id !== undefined) folded.set(id, decodeFolded(key, value))
    else if (key === GENERATION_KEY) generation = decodeGeneration(value)
    else if (key === WRITE_KEY) writeId = value
    else if (key === EMPTIED_KEY) emptiedBy = value
    else foreign.set(key, value)
  }
  return { bookkeeping: { generation, writeId, folded, ...(emptiedBy === undefined ? {} : { emptiedBy }) }, foreign }
}

/**
 * The annotations to write. Our keys come first, the newest folded delta first among them, so that the first bytes of
 * the text are enough to find them.
 */
export function encodeAnnotations({ bookkeeping, foreign }: Annotations): Map<string, string> {
  const annotations = new Map<string, string>()
  const { generation, writeId, folded, emptiedBy } = bookkeeping
  if (generation !== NO_BOOKKEEPING.generation) annotations.set(GENERATION_KEY, String(generation))
  if (writeId !== NO_BOOKKEEPING.writeId) annotations.set(WRITE_KEY, writeId)
  const newestFirst = [...folded].sort(([a], [b]) => (a < b ? 1 : -1))
  for (const [id, delta] of newestFirst) annotations.set(FOLDED_PREFIX + id, encodeFolded(delta))
  if (emptiedBy !== undefined) annotations.set(EMPTIED_KEY, emptiedBy)
  for (const [key, value] of foreign) annotations.set(key, value)
  return annotations
}

function encodeFolded({ at, touched, gone, hasEnded }: FoldedDelta): string {
  const pairs = touched === '*' ? touched : touched.map(({ name, version }) => [name, version])
  const seenGone = gone === undefined ? {} : { gone: encodeTime(gone) }
  return JSON.stringify({
    at: encodeTime(at),
    touched: pairs,
    ...seenGone,
    ...(hasEnded === true ? { ended: true } : {}),
  })
}

function decodeFolded(key: string, text: string): FoldedDelta {
  try {
    const value = parseShallowJson(text)
    if (!isObject(value)) throw new Error('not an object')
    const gone = value['gone'] === undefined ? undefined : decodeTime(value['gone'])
    const touched = decodeTouched(value['touched'])
    return { at: decodeTime(value['at']), touched, gone, ...(value['ended'] === true ? { hasEnded: true } : {}) }
  } catch (cause) {
    throw invalidIndex(`the annotation ${key} cannot be decoded`, cause)
  }
}

function decodeTouched(value: unknown): readonly VersionId[] | '*' {
  if (value === '*') return value
  if (!Array.isArray(value)) throw new Error('touched: not a list')
  return value.map((pair: unknown) => {
    if (!Array.isArray(pair) || pair.length !== 2) throw new Error('touched: not a pair')
    const [name, version] = pair as unknown[]
    if (typeof name !== 'string' || typeof version !== 'string') throw new Error('touched: not strings')
    return { name, version }
  })
}

function decodeGeneration(text: string): number {
  const generation = /^(?:0|[1-9]\d*)$/.test(text) ? Number(text) : NaN
  if (!Number.isSafeInteger(generation)) throw invalidIndex(`the annotation ${GENERATION_KEY} is no number: ${text}`)
  return generation
}

function encodeTime(time: number): string {
  return `${new Date(time).toISOString().slice(0, 'YYYY-MM-DDTHH:MM:SS'.length)}Z`
}

function decodeTime(value: unknown): number {
  const time = typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value) ? Date.parse(value) : NaN
  if (Number.isNaN(time)) throw new Error('not a time')
  return time
}
