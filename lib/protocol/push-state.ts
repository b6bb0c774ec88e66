import type { Addition } from '../core/delta.ts'
import type { DeltaId } from '../core/delta-id.ts'
import { type Entry, type VersionId, versionKey } from '../core/entry.ts'
import { formatAge } from '../format.ts'
import type { ArchiveHead } from './head-archive.ts'
import { type Minted, mint } from './mint.ts'
import type { Session } from './session.ts'

/** Who claims archives: a push, a push by force, or a reindex, which adopts what it finds. */
export type ClaimKind = 'push' | 'force' | 'reindex'

/** Something that has to come to its end before a version can be pushed. `left`: milliseconds that it may take, at the most. */
export interface Waiting {
  readonly on: 'removal' | 'push'
  readonly left: number
}

/** Pauses between two looks at what is waited for, milliseconds. */
const SHORTEST_PAUSE = 200
const LONGEST_PAUSE = 3000

/** Who waits for longer than this is told so, milliseconds. */
const MOMENT = 2000

/** An archive that a push has taken over: who wrote it, over what, and when; see {@link ArchiveHead}. */
export type Adopted = Pick<ArchiveHead, 'delta' | 'replaced' | 'lastModified'>

/** What one push has done so far, over all its attempts: which ids are its own and which archives it stands in for. */
export class PushState {
  readonly kind: ClaimKind
  readonly #mine = new Set<DeltaId>()
  readonly #spokenFor = new Map<string, Pick<ArchiveHead, 'delta' | 'digest'>>()
  readonly #written = new Map<string, Set<DeltaId>>()
  readonly #slow = new Set<string>()
  readonly #adopted = new Map<string, Adopted>()
  readonly #givesWay = new Set<string>()
  readonly #above = new Set<DeltaId>()
  readonly #notCleared = new Set<string>()
  #waitedFor: string | undefined
  readonly #entries = new Set<string>()
  /** Milliseconds, by what was waited for. */
  readonly #waited = new Map<string, number>()

  constructor(kind: ClaimKind) {
    this.kind = kind
  }

  /** Mints an id that counts as this push's own from now on. */
  async mint(session: Session, above: readonly (DeltaId | undefined)[] = []): Promise<Minted> {
    const minted = await mint(session, [...this.#above, ...above])
    this.#mine.add(minted.id)
    return minted
  }

  /** Whether an earlier attempt may have written something. */
  get isRestart(): boolean {
    return this.#mine.size > 1
  }

  get mine(): ReadonlySet<DeltaId> {
    return this.#mine
  }

  /** From now on the ids of this push are above this one, too. @returns whether that is news */
  mintAbove(id: DeltaId): boolean {
    const isNew = !this.#above.has(id)
    this.#above.add(id)
    return isNew
  }

  /**
   * This push has put the archive of a version under this id. Its delta is sent only while the id lives, as all are: where
   * it had run out by then, the archive takes too long to be sent in every attempt.
   */
  noteWritten(version: VersionId, { id, isFresh }: Pick<Minted, 'id' | 'isFresh'>): void {
    const key = versionKey(version)
    this.#written.set(key, (this.#written.get(key) ?? new Set()).add(id))
    if (!isFresh()) this.#slow.add(key)
  }

  /** The ids under which this push has put the archive of a version, in the order in which it did. */
  writtenIds(version: VersionId): ReadonlySet<DeltaId> {
    return this.#written.get(versionKey(version)) ?? new Set()
  }

  /** Whether the archive of a version took longer to send than an id lives. */
  isSlow(version: VersionId): boolean {
    return this.#slow.has(versionKey(version))
  }

  /** An addition that a delta of this push makes, or may have made. If absent: it gives way to one of a lower id that lands later. */
  noteAddition({ entry, ifAbsent }: Addition): void {
    this.#entries.add(entryKey(entry))
    if (ifAbsent) this.#givesWay.add(versionKey(entry))
    else this.#givesWay.delete(versionKey(entry))
  }

  /** Whether the newest addition of a version does. */
  givesWay(version: VersionId): boolean {
    return this.#givesWay.has(versionKey(version))
  }

  /**
   * Whether the archive is another's although its id is below mine: its PUT was under way when I wrote, and met bytes equal
   * to those that it had seen, and so the same ETag.
   */
  isOverwrittenFromBelow(version: VersionId, { delta }: ArchiveHead): boolean {
    const written = [...this.writtenIds(version)].at(-1)
    return written !== undefined && delta !== undefined && delta < written
  }

  /** From now on this push speaks for the archive that `head` shows, although another push wrote it. */
  speakFor(version: VersionId, head: ArchiveHead): void {
    this.#spokenFor.set(versionKey(version), head)
  }

  /**
   * This push takes over the archive that `head` shows. Of its own ones the first counts: who came before that, came before
   * all. `date`: store clock, milliseconds since 1970, no earlier than `head`.
   */
  adopt(version: VersionId, head: ArchiveHead, date: number): void {
    const key = versionKey(version)
    if (this.isMine(head) && this.#adopted.has(key)) return
    const { delta, lastModified, replaced } = head
    this.#adopted.set(key, { delta, replaced, lastModified: Math.min(lastModified, date) })
  }

  /** This push has written over the archive of another one: who came before that does not tell any more who may come after. */
  forgetAdopted(version: VersionId): void {
    this.#adopted.delete(versionKey(version))
  }

  /** The archive of a version that this push has taken over. */
  adopted(version: VersionId): Adopted | undefined {
    return this.#adopted.get(versionKey(version))
  }

  isMine({ delta }: ArchiveHead): boolean {
    return delta !== undefined && this.#mine.has(delta)
  }

  /** Whether this push has added the entry itself, before it started again. */
  isMyEntry(entry: Entry): boolean {
    return this.#entries.has(entryKey(entry))
  }

  /** Archives of old clients carry no id: their bytes must be the same, too. */
  isSpokenFor(version: VersionId, { delta, digest }: ArchiveHead): boolean {
    const known = this.#spokenFor.get(versionKey(version))
    return known !== undefined && known.delta === delta && known.digest === digest
  }

  /**
   * An archive that no entry names could not be removed. @returns whether that was so before: a store that is slow once is no reason to
   * give up
   */
  noteNotCleared(version: VersionId): boolean {
    const key = versionKey(version)
    const wasSo = this.#notCleared.has(key)
    this.#notCleared.add(key)
    return wasSo
  }

  /** Whether this push has waited for a version last. */
  hasWaitedFor(version: VersionId): boolean {
    return this.#waitedFor === versionKey(version)
  }

  /**
   * Pauses before the next look at what another client is doing with a version: shortly at first. When that takes longer than a moment
   * it is said, once, with the time that it may take.
   */
  async wait(session: Session, version: VersionId, { left, on }: Waiting): Promise<void> {
    this.#waitedFor = versionKey(version)
    const key = `${on} ${versionKey(version)}`
    const waited = this.#waited.get(key) ?? 0
    const pause = Math.min(left + 100, LONGEST_PAUSE, (SHORTEST_PAUSE + waited / 2) * (0.5 + session.random.fraction()))
    if (waited < MOMENT && waited + pause >= MOMENT) {
      const what = on === 'removal' ? 'a deletion' : 'another push'
      const atMost = `at most ${formatAge(left + 1000)}`
      session.notice(`helm-s3: ${what} of ${version.name} ${version.version} may still be under way: waiting, ${atMost}`)
    }
    this.#waited.set(key, waited + pause)
    await session.clock.sleep(pause)
  }
}

/** Two pushes of the same bytes in the same millisecond are told apart by nothing, and need not be. */
function entryKey(entry: Entry): string {
  return JSON.stringify([versionKey(entry), entry.digest, entry.created])
}
