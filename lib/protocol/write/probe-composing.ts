import type { ComposingReport } from '../../core/check/probe-report.ts'
import type { Bookkeeping, ComposeFinding } from '../../core/log/bookkeeping.ts'
import { HelmS3Error, hasCode } from '../../errors.ts'
import type { CopyOutcome, ETag, PutCondition, UploadedPart, Upload } from '../../store/object-store.ts'
import type { Base } from '../session/base.ts'
import type { Session } from '../session/session.ts'
import { composeFinding, composingPlace, mayCompose } from './may-compose.ts'
import { OTHER_ETAG, ProbeObjects } from './probe-objects.ts'

/** How many uploads are completed at the same moment. */
const RACERS = 8
/** The bytes of the probe that are not copied. */
const EDGE = 16

/**
 * Whether `index.yaml` may be composed in this store, and what is to be noted in it about that: the findings so far,
 * and what was found out just now. Nothing is tried out for a small index.
 *
 * Cost: nothing for an index that is written as a whole, or when there is a finding; else about 40 requests, one of
 * them with 5 MiB.
 */
export async function knowComposing(
  session: Session,
  { index, size }: Base,
): Promise<{ readonly works: boolean; readonly composes: Bookkeeping['composes'] }> {
  const { bookkeeping } = index
  const { composes } = bookkeeping
  const place = composingPlace(session)
  if (place === undefined || !mayCompose(session, { bookkeeping, size })) return { works: false, composes }
  if (composeFinding(session, bookkeeping) !== undefined) return { works: true, composes }
  const trial = tryComposing(session, { isForIndex: true }).then(
    ({ copy, swap }) => copy === 'exact' && swap === 'exact',
  )
  const works = await trial.catch((error: unknown) => {
    if (error instanceof HelmS3Error) return undefined
    throw error
  })
  if (works === undefined) return { works: false, composes }
  const at = Math.floor(session.storeClock.now() / 1000) * 1000
  const finding: ComposeFinding = { works, at }
  return { works, composes: new Map([...(composes ?? []), [place, finding]]) }
}

const UNSUPPORTED: ComposingReport = { copy: 'unsupported', swap: 'unsupported', create: 'unsupported' }

/**
 * What the store does with the requests of a composed write, for a report. Cost: as of {@link knowComposing}, and four
 * more.
 */
export async function probeComposing(session: Session): Promise<ComposingReport> {
  try {
    return await tryComposing(session, { isForIndex: false })
  } catch (error) {
    if (hasCode(error, 'store-failed') || hasCode(error, 'unsupported-store')) return UNSUPPORTED
    throw error
  }
}

/**
 * Tries out, on an object of its own, whether the store composes an object of ranges of the present one; refuses to
 * copy from an object with another ETag; refuses to put the parts in the place of one; and lets one of several uploads
 * win that are completed at the same moment. `isForIndex`: nothing is tried that a write of `index.yaml` does not need,
 * nor after something that it needs is not there.
 */
async function tryComposing(
  session: Session,
  { isForIndex }: { readonly isForIndex: boolean },
): Promise<ComposingReport> {
  const objects = new ProbeObjects(session)
  if (!objects.hasUploads) return UNSUPPORTED
  const body = Buffer.alloc(EDGE + objects.leastPart, 'a')
  body.fill('b', EDGE, 2 * EDGE)
  const probe = new ComposingProbe(objects)
  try {
    const put = await objects.put('composed', body, { when: 'always' })
    if (put.outcome !== 'written') return UNSUPPORTED
    const copied = await probe.copiesOtherSource()
    if (isForIndex && copied !== 'exact') return { ...UNSUPPORTED, copy: copied }
    const { copy, swap } = await probe.replaces(put.etag, copied)
    return { copy, swap, create: isForIndex ? 'unsupported' : await probe.replacesAsNew() }
  } finally {
    await probe.abortAll()
    await objects.removeAll()
  }
}

class ComposingProbe {
  readonly #objects: ProbeObjects
  readonly #open: Upload[] = []

  constructor(objects: ProbeObjects) {
    this.#objects = objects
  }

  /** Tries to copy from an object with another ETag. `exact` holds only when the right one is copied, too. */
  async copiesOtherSource(): Promise<ComposingReport['copy']> {
    const upload = await this.#begin()
    const copied = upload === undefined ? 'unsupported' : await this.#copy(upload, OTHER_ETAG)
    return copied === 'refused' ? 'exact' : copied === 'unsupported' ? copied : 'ignored'
  }

  /**
   * Completes uploads over the object with this ETag: one on condition of another ETag, which is given up then and has
   * to leave the object as it is, then several at once. A part of
   * each is copied when copies were found to be `copied: 'exact'`.
   */
  async replaces(etag: ETag, copied: ComposingReport['copy']): Promise<Pick<ComposingReport, 'copy' | 'swap'>> {
    const source = copied === 'exact' ? etag : undefined
    const first = await this.#make('x', source)
    if (first === undefined)
      return source === undefined ? { copy: copied, swap: 'unsupported' } : this.replaces(etag, 'unsupported')
    const { outcome } = await this.#complete(first, { match: OTHER_ETAG })
    if (outcome === 'unsupported' || outcome === 'unknown') return { copy: copied, swap: 'unsupported' }
    // On S3Mock 5.2.0 the object that stands goes with the upload that is given up.
    await this.#objects.uploads.abort(first.upload)
    const isChanged = (await this.#objects.head('composed'))?.etag !== etag
    if (isChanged || outcome === 'written') return { copy: copied, swap: 'ignored' }
    const made = await Promise.all(Array.from({ length: RACERS }, (_, i) => this.#make(String(i), source)))
    const ready = made.flatMap((each) => each ?? [])
    if (ready.length < made.length) return { copy: copied, swap: 'unsupported' }
    const outcomes = await Promise.all(ready.map((each) => this.#complete(each, { match: etag })))
    const swap = swapOf(outcomes)
    const isWrong = source !== undefined && swap === 'exact' && !(await this.#hasComposed())
    return { copy: isWrong ? 'unsupported' : copied, swap }
  }

  /** Completes an upload where an object is, on condition that there is none. */
  async replacesAsNew(): Promise<ComposingReport['create']> {
    const made = await this.#make('new', undefined)
    const outcome = made === undefined ? 'unsupported' : (await this.#complete(made, 'absent')).outcome
    return outcome === 'refused' ? 'exact' : outcome === 'written' ? 'ignored' : 'unsupported'
  }

  async abortAll(): Promise<void> {
    await Promise.all(this.#open.map((upload) => this.#objects.uploads.abort(upload)))
  }

  /** Whether the object is now what the winner has made: the copied range, and one more byte. */
  async #hasComposed(): Promise<boolean> {
    const text = await this.#objects.text('composed')
    return (
      text?.length === this.#objects.leastPart + 1 &&
      text.startsWith('b'.repeat(EDGE)) &&
      text[EDGE] === 'a' &&
      /\d$/.test(text)
    )
  }

  async #begin(): Promise<Upload | undefined> {
    const upload = await this.#objects.uploads.begin('composed')
    if (upload === 'unsupported') return undefined
    this.#open.push(upload)
    return upload
  }

  #copy(upload: Upload, etag: ETag): Promise<UploadedPart | 'refused' | 'unsupported'> {
    return this.#objects.uploads.copyPart(upload, 1, etag, { start: EDGE, end: EDGE + this.#objects.leastPart })
  }

  /** An upload that is ready to be completed, of a sent part, and before it one that is copied from `source`. */
  async #make(last: string, source: ETag | undefined): Promise<MadeUpload | undefined> {
    const upload = await this.#begin()
    if (upload === undefined) return undefined
    const copied = source === undefined ? [] : [await this.#copy(upload, source)]
    const sent = await this.#objects.uploads.sendPart(upload, 2, Buffer.from(last))
    const parts = [...copied, sent].flatMap((part) => (typeof part === 'string' ? [] : [part]))
    return parts.length === copied.length + 1 ? { upload, parts } : undefined
  }

  #complete({ parts, upload }: MadeUpload, when: PutCondition): Promise<CopyOutcome> {
    return this.#objects.uploads.complete(upload, parts, { when })
  }
}

function swapOf(outcomes: readonly CopyOutcome[]): ComposingReport['swap'] {
  const won = outcomes.filter(({ outcome }) => outcome === 'written').length
  if (won > 0) return won === 1 ? 'exact' : 'racy'
  return outcomes.some(({ outcome }) => outcome === 'refused') ? 'never' : 'unsupported'
}

interface MadeUpload {
  readonly upload: Upload
  readonly parts: readonly UploadedPart[]
}
