import pLimit from 'p-limit'
import type { Part } from '../../core/index/plan-parts.ts'
import type { Segment } from '../../core/index/lay-out.ts'
import { hasCode } from '../../errors.ts'
import type {
  ETag,
  MultipartUploads,
  PutOutcome,
  Upload,
  UploadOptions,
  UploadedPart,
} from '../../store/object-store.ts'
import { digestOf } from '../../core/index/paging.ts'
import { sha256Of } from '../../sys/sha256.ts'
import { CONCURRENCY } from '../session/limits.ts'
import type { Session } from '../session/session.ts'

/** Nothing was written, and the store cannot compose this text: it has to be written as a whole. */
interface NotComposed {
  readonly outcome: 'whole'
}

/** What stopped a composed write before its last request. */
type Obstacle = 'refused' | 'unsupported'

/**
 * Writes `index.yaml` without sending all of it: the store copies the parts that are unchanged from the present object
 * and puts them together with those that are sent. Nothing is visible before the last request, whose condition is that
 * the object is still the one that was copied from.
 *
 * Only for stores that keep to the conditions of these requests, see `knowsComposing`.
 *
 * What was not read before and is sent is proved by the digests of its pages: else it is `whole`.
 *
 * Cost: one POST to begin; one PUT for each part, copied or sent; one POST to complete; for parts that are sent and
 * were not read, a ranged GET each. What is given up: one DELETE.
 */
export async function composeIndex(
  session: Session,
  parts: readonly Part[],
  match: ETag,
  options: UploadOptions,
): Promise<PutOutcome | NotComposed> {
  const { location, memory, store } = session
  const { uploads } = store
  if (uploads === undefined) return { outcome: 'whole' }
  const giveUp = (obstacle: Obstacle): PutOutcome | NotComposed => {
    if (obstacle === 'refused') return { outcome: 'refused' }
    memory.distrustsComposing = true
    return { outcome: 'whole' }
  }
  const upload = await uploads.begin(location.indexKey, options)
  if (upload === 'unsupported') return giveUp(upload)
  try {
    const made = await makeParts(session, uploads, upload, parts, match)
    if (!Array.isArray(made)) {
      await uploads.abort(upload)
      return giveUp(made)
    }
    const outcome = await uploads.complete(upload, made, { when: { match } })
    // After no answer, an upload that is gone can no longer be completed by a request that is still on its way.
    if (outcome.outcome !== 'written') await uploads.abort(upload)
    session.detail(`helm-s3: composed ${location.indexKey} of ${String(parts.length)} parts: ${outcome.outcome}`)
    return outcome.outcome === 'unsupported' ? giveUp('unsupported') : outcome
  } catch (error) {
    await uploads.abort(upload)
    if (!hasCode(error, 'unreachable')) throw error
    await store.head(location.indexKey)
    return { outcome: 'refused' }
  }
}

/** Segments in runs: those that were not read and follow one another in the old text are read at once. */
function unreadRuns(segments: readonly Segment[]): readonly (readonly Segment[])[] {
  const runs: Segment[][] = []
  for (const segment of segments) {
    const before = runs.at(-1)?.at(-1)
    const follows =
      segment.bytes === undefined && before?.bytes === undefined && before?.old?.end === segment.old?.start
    if (follows && before !== undefined) runs.at(-1)?.push(segment)
    else runs.push([segment])
  }
  return runs
}

async function readRun(
  { location, store }: Session,
  run: readonly Segment[],
  match: ETag,
): Promise<readonly Uint8Array[] | Obstacle> {
  const known = run.flatMap(({ bytes }) => bytes ?? [])
  if (run.every(({ bytes }) => bytes !== undefined)) return known
  const [start, end] = [run[0]?.old?.start, run.at(-1)?.old?.end]
  if (start === undefined || end === undefined) return 'unsupported'
  const bytes = await store.getRange(location.indexKey, { start, end }, match)
  if (typeof bytes === 'string') return bytes === 'changed' ? 'refused' : bytes
  return areProved(run, bytes) ? [bytes] : 'unsupported'
}

/** Whether the bytes of a run are those that the page table means. */
function areProved(run: readonly Segment[], bytes: Uint8Array): boolean {
  let start = 0
  return run.every(({ digest, size }) => {
    const part = bytes.subarray(start, (start += size))
    return digest === undefined || digestOf([part], sha256Of) === digest
  })
}

async function makeParts(
  session: Session,
  uploads: MultipartUploads,
  upload: Upload,
  parts: readonly Part[],
  match: ETag,
): Promise<UploadedPart[] | Obstacle> {
  const { bucket, indexKey } = session.location
  const limit = pLimit(CONCURRENCY)
  const makePart = async (part: Part, number: number): Promise<UploadedPart | Obstacle> => {
    if ('copy' in part)
      return uploads.copyPart(upload, number, { bucket, key: indexKey, etag: match, range: part.copy })
    const body = await readBody(session, part.send, match)
    return typeof body === 'string' ? body : uploads.sendPart(upload, number, body)
  }
  const made = await Promise.all(parts.map((part, i) => limit(() => makePart(part, i + 1))))
  const problem = made.find((part) => typeof part === 'string')
  if (typeof problem === 'string') return problem
  return made.flatMap((part) => (typeof part === 'string' ? [] : [part]))
}

/** The bytes of a part that is sent, those that were not read before as well. */
async function readBody(session: Session, segments: readonly Segment[], match: ETag): Promise<Uint8Array | Obstacle> {
  const runs = await Promise.all(unreadRuns(segments).map((run) => readRun(session, run, match)))
  const problem = runs.find((run) => typeof run === 'string')
  if (typeof problem === 'string') return problem
  return Buffer.concat(runs.flatMap((run) => (typeof run === 'string' ? [] : run)))
}
