import { type Bookkeeping, type ComposeFinding, type FoldedDelta, NO_BOOKKEEPING } from '../log/bookkeeping.ts'
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
  /** The page table of the text, undecoded. Absent: the text has none, or it was changed since. */
  readonly pages?: string
}

export const GENERATION_KEY = 'helm-s3/generation'
export const WRITE_KEY = 'helm-s3/write'
export const FOLDED_PREFIX = 'helm-s3/folded/'
export const EMPTIED_KEY = 'helm-s3/emptied'
export const PAGES_KEY = 'helm-s3/pages'
const COMPOSES_PREFIX = 'helm-s3/composes/'

/**
 * Separates our keys from the other index-level annotations.
 * @throws HelmS3Error `invalid-index` when one of them has a value that this program would not write
 */
export function decodeAnnotations(annotations: Readonly<Record<string, string>>): Annotations {
  const foreign = new Map<string, string>()
  const folded = new Map<DeltaId, FoldedDelta>()
  let { generation, writeId } = NO_BOOKKEEPING
  const composes = new Map<string, ComposeFinding>()
  let emptiedBy: string | undefined
  let pages: string | undefined
  for (const [key, value] of Object.entries(annotations)) {
    const id = key.startsWith(FOLDED_PREFIX) ? parseDeltaId(key.slice(FOLDED_PREFIX.length)) : undefined
    if (id !== undefined) folded.set(id, decodeFolded(key, value))
    else if (key === GENERATION_KEY) generation = decodeGeneration(value)
    else if (key === WRITE_KEY) writeId = value
    else if (key === EMPTIED_KEY) emptiedBy = value
    else if (key === PAGES_KEY) pages = value
    else if (!noteComposes(composes, key, value)) foreign.set(key, value)
  }
  const optional = { ...(emptiedBy === undefined ? {} : { emptiedBy }), ...(composes.size === 0 ? {} : { composes }) }
  const bookkeeping = { generation, writeId, folded, ...optional }
  return { bookkeeping, foreign, ...(pages === undefined ? {} : { pages }) }
}

/**
 * The annotations to write. The newest folded delta, the generation and the write id come last, so that the last bytes
 * of the text are enough to find them.
 */
export function encodeAnnotations({ bookkeeping, foreign, pages }: Annotations): Map<string, string> {
  const annotations = new Map(foreign)
  const { generation, writeId, folded, emptiedBy, composes } = bookkeeping
  if (emptiedBy !== undefined) annotations.set(EMPTIED_KEY, emptiedBy)
  for (const [place, finding] of composes ?? []) annotations.set(COMPOSES_PREFIX + place, encodeComposes(finding))
  if (pages !== undefined) annotations.set(PAGES_KEY, pages)
  const oldestFirst = [...folded].sort(([a], [b]) => (a < b ? -1 : 1))
  for (const [id, delta] of oldestFirst) annotations.set(FOLDED_PREFIX + id, encodeFolded(delta))
  if (generation !== NO_BOOKKEEPING.generation) annotations.set(GENERATION_KEY, String(generation))
  if (writeId !== NO_BOOKKEEPING.writeId) annotations.set(WRITE_KEY, writeId)
  return annotations
}

function encodeComposes({ works, at }: ComposeFinding): string {
  return `${works ? 'yes' : 'no'} ${encodeTime(at)}`
}

/** Notes the annotation when it is a finding about composed writes that this program would write. */
function noteComposes(composes: Map<string, ComposeFinding>, key: string, value: string): boolean {
  const place = key.startsWith(COMPOSES_PREFIX) ? key.slice(COMPOSES_PREFIX.length) : ''
  const [, answer, time = ''] = /^(yes|no) (\S+)$/.exec(value) ?? []
  const at = Date.parse(time)
  if (!/^[0-9a-f]{16}$/.test(place) || answer === undefined || Number.isNaN(at)) return false
  composes.set(place, { works: answer === 'yes', at })
  return true
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
