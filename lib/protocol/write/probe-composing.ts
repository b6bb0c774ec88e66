import type { Bookkeeping, ComposeFinding } from '../../core/log/bookkeeping.ts'
import { HelmS3Error } from '../../errors.ts'
import type { ETag, UploadedPart, Upload } from '../../store/object-store.ts'
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
  const works = await composesExactly(session).catch((error: unknown) => {
    if (error instanceof HelmS3Error) return undefined
    throw error
  })
  if (works === undefined) return { works: false, composes }
  const at = Math.floor(session.storeClock.now() / 1000) * 1000
  const finding: ComposeFinding = { works, at }
  return { works, composes: new Map([...(composes ?? []), [place, finding]]) }
}

/**
 * Tries out, on an object of its own, whether the store composes an object of ranges of the present one; refuses to
 * copy from an object with another ETag; refuses to put the parts in the place of one; and lets one of several uploads
 * win that are completed at the same moment.
 */
async function composesExactly(session: Session): Promise<boolean> {
  const objects = new ProbeObjects(session)
  const { least } = session.paging.parts
  const body = Buffer.alloc(EDGE + least, 'a')
  body.fill('b', EDGE, 2 * EDGE)
  const probe = new ComposingProbe(objects, least)
  try {
    const put = await objects.put('composed', body, { when: 'always' })
    if (put.outcome !== 'written') return false
    return (
      (await probe.refusesOtherSource()) &&
      (await probe.refusesOtherTarget(put.etag)) &&
      (await probe.letsOneWin(put.etag)) &&
      (await probe.hasComposed())
    )
  } finally {
    await probe.abortAll()
    await objects.removeAll()
  }
}

class ComposingProbe {
  readonly #objects: ProbeObjects
  readonly #least: number
  readonly #open: Upload[] = []

  constructor(objects: ProbeObjects, least: number) {
    this.#objects = objects
    this.#least = least
  }

  async refusesOtherSource(): Promise<boolean> {
    const upload = await this.#begin()
    return upload !== undefined && (await this.#copy(upload, OTHER_ETAG)) === 'refused'
  }

  async refusesOtherTarget(etag: ETag): Promise<boolean> {
    const made = await this.#make(etag, 'x')
    if (made === undefined) return false
    const { outcome } = await this.#objects.uploads.complete(made.upload, made.parts, { when: { match: OTHER_ETAG } })
    return outcome === 'refused' && (await this.#objects.head('composed'))?.etag === etag
  }

  async letsOneWin(etag: ETag): Promise<boolean> {
    const made = await Promise.all(Array.from({ length: RACERS }, (_, i) => this.#make(etag, String(i))))
    const ready = made.flatMap((each) => each ?? [])
    if (ready.length < made.length) return false
    const complete = async ({ parts, upload }: MadeUpload): Promise<boolean> =>
      (await this.#objects.uploads.complete(upload, parts, { when: { match: etag } })).outcome === 'written'
    return (await Promise.all(ready.map(complete))).filter(Boolean).length === 1
  }

  /** Whether the object is now what the winner has made: the copied range, and one more byte. */
  async hasComposed(): Promise<boolean> {
    const text = await this.#objects.text('composed')
    return (
      text?.length === this.#least + 1 && text.startsWith('b'.repeat(EDGE)) && text[EDGE] === 'a' && /\d$/.test(text)
    )
  }

  async abortAll(): Promise<void> {
    await Promise.all(this.#open.map((upload) => this.#objects.uploads.abort(upload)))
  }

  async #begin(): Promise<Upload | undefined> {
    const upload = await this.#objects.uploads.begin('composed')
    if (upload === 'unsupported') return undefined
    this.#open.push(upload)
    return upload
  }

  #copy(upload: Upload, etag: ETag): Promise<UploadedPart | 'refused' | 'unsupported'> {
    return this.#objects.uploads.copyPart(upload, 1, etag, { start: EDGE, end: EDGE + this.#least })
  }

  /** An upload of two parts, a copied one and a sent one, that is ready to be completed. */
  async #make(etag: ETag, last: string): Promise<MadeUpload | undefined> {
    const upload = await this.#begin()
    if (upload === undefined) return undefined
    const copied = await this.#copy(upload, etag)
    const sent = await this.#objects.uploads.sendPart(upload, 2, Buffer.from(last))
    return typeof copied === 'string' || typeof sent === 'string' ? undefined : { upload, parts: [copied, sent] }
  }
}

interface MadeUpload {
  readonly upload: Upload
  readonly parts: readonly UploadedPart[]
}
