import type { Addition } from '../../core/log/delta.ts'
import type { DeltaId } from '../../core/log/delta-id.ts'
import { type Entry, type VersionId, versionKey } from '../../core/log/entry.ts'
import { formatAge } from '../../text/format.ts'
import type { ArchiveHead } from '../archives/head-archive.ts'
import { type Minted, mint } from '../write/mint.ts'
import type { Session } from '../session/session.ts'

/**
 * The kinds of operation that claim archives: a push, a push by force, and a reindex, which adopts the archives it
 * finds.
 */
export type ClaimKind = 'push' | 'force' | 'reindex'

/**
 * Something that has to end before a version can be pushed. `left`: the milliseconds that it may still take, at the
 * most.
 */
export interface Waiting {
  readonly on: 'removal' | 'push'
  readonly left: number
}

/** The shortest and the longest pause between two looks at what another client is doing, milliseconds. */
const SHORTEST_PAUSE = 200
const LONGEST_PAUSE = 3000

/** A wait longer than this is told to the user, milliseconds. */
const MOMENT = 2000

/**
 * What is remembered of an archive that a push has taken over: who wrote it, over what, and when; see {@link
 * ArchiveHead}.
 */
export type Adopted = Pick<ArchiveHead, 'delta' | 'replaced' | 'lastModified'>

/** What one push has done about one version. */
interface VersionState {
  /** The ids under which the push has put the archive, in the order of the PUTs. */
  readonly written: Set<DeltaId>
  /** Whether the archive took longer to send than an id lives. */
  isSlow: boolean
  /** The archive of another push that this push answers for. */
  spokenFor: Pick<ArchiveHead, 'delta' | 'digest'> | undefined
  /** The archive of another push that this push has taken over. */
  adopted: Adopted | undefined
  /** Whether its newest addition is `addedIfAbsent`, and so gives way to a delta of a lower id that lands later. */
  givesWay: boolean
  /** Whether an archive that no entry names could not be removed. */
  isNotCleared: boolean
  /** The entries that the push has added, as {@link entryKey} names them. */
  readonly entries: Set<string>
  /** How long the push has waited for each kind of obstacle, milliseconds. */
  readonly waited: Record<Waiting['on'], number>
}

/** What one push has done so far, over all its attempts: which ids are its own, and which archives it answers for. */
export class PushState {
  readonly kind: ClaimKind
  readonly #mine = new Set<DeltaId>()
  readonly #above = new Set<DeltaId>()
  readonly #versions = new Map<string, VersionState>()
  /** The version that the push has waited for last. */
  #waitedFor: VersionState | undefined

  constructor(kind: ClaimKind) {
    this.kind = kind
  }

  /** Mints an id, which counts as this push's own from now on. */
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

  /**
   * Makes all later ids of this push higher than this one, too.
   * @returns whether the id was not known before
   */
  mintAbove(id: DeltaId): boolean {
    const isNew = !this.#above.has(id)
    this.#above.add(id)
    return isNew
  }

  /**
   * Notes that this push has put the archive of a version under this id. A delta is sent only while its id lives. When
   * the id has expired by now, sending the archive takes too long in every attempt; see {@link isSlow}.
   */
  noteWritten(version: VersionId, { id, isFresh }: Pick<Minted, 'id' | 'isFresh'>): void {
    const state = this.#of(version)
    state.written.add(id)
    if (!isFresh()) state.isSlow = true
  }

  /** The ids under which this push has put the archive of a version, in the order of the PUTs. */
  writtenIds(version: VersionId): ReadonlySet<DeltaId> {
    return this.#of(version).written
  }

  /** Whether the archive of a version took longer to send than an id lives. */
  isSlow(version: VersionId): boolean {
    return this.#of(version).isSlow
  }

  /**
   * Notes an addition that a delta of this push makes or may have made. With `ifAbsent` the addition gives way to a
   * delta of a lower id that lands later.
   */
  noteAddition({ entry, ifAbsent }: Addition): void {
    const state = this.#of(entry)
    state.entries.add(entryKey(entry))
    state.givesWay = ifAbsent
  }

  /** Whether the newest addition of a version gives way to a delta of a lower id that lands later. */
  givesWay(version: VersionId): boolean {
    return this.#of(version).givesWay
  }

  /**
   * Whether the archive belongs to another push although its id is lower than this push's. The PUT of that push was
   * under way when this push wrote. It met the same bytes that it had seen before, and therefore the same ETag, so its
   * condition held.
   */
  isOverwrittenFromBelow(version: VersionId, { delta }: ArchiveHead): boolean {
    const written = [...this.writtenIds(version)].at(-1)
    return written !== undefined && delta !== undefined && delta < written
  }

  /** From now on this push answers for the archive that `head` shows, although another push wrote it. */
  speakFor(version: VersionId, head: ArchiveHead): void {
    this.#of(version).spokenFor = head
  }

  /**
   * Notes that this push takes over the archive that `head` shows. When the archive is its own, the first one noted
   * stays: pushes that came before that one came before all later ones. `date`: the store's clock in milliseconds since
   * 1970, read no earlier than `head`.
   */
  adopt(version: VersionId, head: ArchiveHead, date: number): void {
    const state = this.#of(version)
    if (this.isMine(head) && state.adopted !== undefined) return
    const { delta, lastModified, replaced } = head
    state.adopted = { delta, replaced, lastModified: Math.min(lastModified, date) }
  }

  /**
   * Notes that this push has written over an archive that it had taken over: what was known of that archive no longer
   * tells whose deltas may still come.
   */
  forgetAdopted(version: VersionId): void {
    this.#of(version).adopted = undefined
  }

  /** What is remembered of the archive that this push has taken over for a version. */
  adopted(version: VersionId): Adopted | undefined {
    return this.#of(version).adopted
  }

  isMine({ delta }: ArchiveHead): boolean {
    return delta !== undefined && this.#mine.has(delta)
  }

  /** Whether this push has added this entry itself, in an earlier attempt. */
  isMyEntry(entry: Entry): boolean {
    return this.#of(entry).entries.has(entryKey(entry))
  }

  /**
   * Whether this push answers for the archive of another push that `head` shows. Archives of old clients carry no id;
   * therefore the bytes must be the same, too.
   */
  isSpokenFor(version: VersionId, { delta, digest }: ArchiveHead): boolean {
    const known = this.#of(version).spokenFor
    return known !== undefined && known.delta === delta && known.digest === digest
  }

  /**
   * Notes that an archive that no entry names could not be removed.
   * @returns whether that had happened before. A store that is slow once is no reason to give up.
   */
  noteNotCleared(version: VersionId): boolean {
    const state = this.#of(version)
    const wasSo = state.isNotCleared
    state.isNotCleared = true
    return wasSo
  }

  /** Whether this version is the one that the push has waited for last. */
  hasWaitedFor(version: VersionId): boolean {
    return this.#waitedFor === this.#of(version)
  }

  /**
   * Pauses before the next look at what another client is doing with a version. The pauses are short at first. When the
   * wait takes longer than a moment, the user is told once, with the time that it may take.
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

/**
 * The name of an entry within this push. Two pushes of the same bytes in the same millisecond get the same name; they
 * need not be told apart.
 */
function entryKey(entry: Entry): string {
  return JSON.stringify([entry.digest, entry.created])
}
