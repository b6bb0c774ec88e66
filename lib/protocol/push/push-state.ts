import type { Addition } from '../../core/log/delta.ts'
import type { DeltaId } from '../../core/log/delta-id.ts'
import { type Entry, type VersionId, versionKey } from '../../core/log/entry.ts'
import { formatAge } from '../../text/format.ts'
import type { ArchiveHead } from '../archives/head-archive.ts'
import { type Minted, mint } from '../write/mint.ts'
import type { Session } from '../session/session.ts'

/** Who claims archives: a push, a push by force, or a reindex, which adopts what it finds. */
export type ClaimKind = 'push' | 'force' | 'reindex'

/**
 * Something that has to come to its end before a version can be pushed. `left`: milliseconds that it may take, at the
 * most.
 */
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

/** What one push has done about one version. */
interface VersionState {
  /** The ids under which it has put the archive, in the order in which it did. */
  readonly written: Set<DeltaId>
  /** Whether the archive took longer to send than an id lives. */
  isSlow: boolean
  /** The archive of another push that it speaks for. */
  spokenFor: Pick<ArchiveHead, 'delta' | 'digest'> | undefined
  /** The archive of another push that it has taken over. */
  adopted: Adopted | undefined
  /** Whether its newest addition gives way to one of a lower id that lands later. */
  givesWay: boolean
  /** Whether an archive that no entry names could not be removed. */
  isNotCleared: boolean
  /** The entries that it has added, by digest and date. */
  readonly entries: Set<string>
  /** Milliseconds. */
  readonly waited: Record<Waiting['on'], number>
}

/** What one push has done so far, over all its attempts: which ids are its own and which archives it stands in for. */
export class PushState {
  readonly kind: ClaimKind
  readonly #mine = new Set<DeltaId>()
  readonly #above = new Set<DeltaId>()
  readonly #versions = new Map<string, VersionState>()
  /** The version that it has waited for last. */
  #waitedFor: VersionState | undefined

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
   * This push has put the archive of a version under this id. Its delta is sent only while the id lives, as all are:
   * where it had run out by then, the archive takes too long to be sent in every attempt.
   */
  noteWritten(version: VersionId, { id, isFresh }: Pick<Minted, 'id' | 'isFresh'>): void {
    const state = this.#of(version)
    state.written.add(id)
    if (!isFresh()) state.isSlow = true
  }

  /** The ids under which this push has put the archive of a version, in the order in which it did. */
  writtenIds(version: VersionId): ReadonlySet<DeltaId> {
    return this.#of(version).written
  }

  /** Whether the archive of a version took longer to send than an id lives. */
  isSlow(version: VersionId): boolean {
    return this.#of(version).isSlow
  }

  /**
   * An addition that a delta of this push makes, or may have made. If absent: it gives way to one of a lower id that
   * lands later.
   */
  noteAddition({ entry, ifAbsent }: Addition): void {
    const state = this.#of(entry)
    state.entries.add(entryKey(entry))
    state.givesWay = ifAbsent
  }

  /** Whether the newest addition of a version does. */
  givesWay(version: VersionId): boolean {
    return this.#of(version).givesWay
  }

  /**
   * Whether the archive is another's although its id is below mine: its PUT was under way when I wrote, and met bytes
   * equal to those that it had seen, and so the same ETag.
   */
  isOverwrittenFromBelow(version: VersionId, { delta }: ArchiveHead): boolean {
    const written = [...this.writtenIds(version)].at(-1)
    return written !== undefined && delta !== undefined && delta < written
  }

  /** From now on this push speaks for the archive that `head` shows, although another push wrote it. */
  speakFor(version: VersionId, head: ArchiveHead): void {
    this.#of(version).spokenFor = head
  }

  /**
   * This push takes over the archive that `head` shows. Of its own ones the first counts: who came before that, came
   * before all. `date`: store clock, milliseconds since 1970, no earlier than `head`.
   */
  adopt(version: VersionId, head: ArchiveHead, date: number): void {
    const state = this.#of(version)
    if (this.isMine(head) && state.adopted !== undefined) return
    const { delta, lastModified, replaced } = head
    state.adopted = { delta, replaced, lastModified: Math.min(lastModified, date) }
  }

  /**
   * This push has written over the archive of another one: who came before that does not tell any more who may come
   * after.
   */
  forgetAdopted(version: VersionId): void {
    this.#of(version).adopted = undefined
  }

  /** The archive of a version that this push has taken over. */
  adopted(version: VersionId): Adopted | undefined {
    return this.#of(version).adopted
  }

  isMine({ delta }: ArchiveHead): boolean {
    return delta !== undefined && this.#mine.has(delta)
  }

  /** Whether this push has added the entry itself, before it started again. */
  isMyEntry(entry: Entry): boolean {
    return this.#of(entry).entries.has(entryKey(entry))
  }

  /** Archives of old clients carry no id: their bytes must be the same, too. */
  isSpokenFor(version: VersionId, { delta, digest }: ArchiveHead): boolean {
    const known = this.#of(version).spokenFor
    return known !== undefined && known.delta === delta && known.digest === digest
  }

  /**
   * An archive that no entry names could not be removed. @returns whether that was so before: a store that is slow once
   * is no reason to give up
   */
  noteNotCleared(version: VersionId): boolean {
    const state = this.#of(version)
    const wasSo = state.isNotCleared
    state.isNotCleared = true
    return wasSo
  }

  /** Whether this push has waited for a version last. */
  hasWaitedFor(version: VersionId): boolean {
    return this.#waitedFor === this.#of(version)
  }

  /**
   * Pauses before the next look at what another client is doing with a version: shortly at first. When that takes
   * longer than a moment it is said, once, with the time that it may take.
   */
  async wait(session: Session, version: VersionId, { left, on }: Waiting): Promise<void> {
    const state = this.#of(version)
    this.#waitedFor = state
    const waited = state.waited[on]
    const pause = Math.min(left + 100, LONGEST_PAUSE, (SHORTEST_PAUSE + waited / 2) * (0.5 + session.random.fraction()))
    if (waited < MOMENT && waited + pause >= MOMENT) {
      const what = on === 'removal' ? 'a deletion' : 'another push'
      const atMost = `at most ${formatAge(left + 1000)}`
      session.notice(
        `helm-s3: ${what} of ${version.name} ${version.version} may still be under way: waiting, ${atMost}`,
      )
    }
    state.waited[on] = waited + pause
    await session.clock.sleep(pause)
  }

  #of(version: VersionId): VersionState {
    const key = versionKey(version)
    const known = this.#versions.get(key)
    if (known !== undefined) return known
    const state: VersionState = {
      written: new Set(),
      isSlow: false,
      spokenFor: undefined,
      adopted: undefined,
      givesWay: false,
      isNotCleared: false,
      entries: new Set(),
      waited: { removal: 0, push: 0 },
    }
    this.#versions.set(key, state)
    return state
  }
}

/** Two pushes of the same bytes in the same millisecond are told apart by nothing, and need not be. */
function entryKey(entry: Entry): string {
  return JSON.stringify([entry.digest, entry.created])
}
