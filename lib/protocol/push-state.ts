import type { DeltaId } from '../core/delta-id.ts'
import { type VersionId, versionKey } from '../core/entry.ts'
import type { ArchiveHead } from './head-archive.ts'
import { type Minted, mint } from './mint.ts'
import type { Session } from './session.ts'

/** What one push has done so far, over all its attempts: which ids are its own and which archives it stands in for. */
export class PushState {
  readonly #mine = new Set<DeltaId>()
  readonly #adopted = new Map<string, Pick<ArchiveHead, 'delta' | 'digest'>>()
  readonly #written = new Map<string, DeltaId>()

  /** Mints an id that counts as this push's own from now on. */
  async mint(session: Session, above: readonly (DeltaId | undefined)[] = []): Promise<Minted> {
    const minted = await mint(session, above)
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

  /** This push has put the archive of a version under this id. */
  noteWritten(version: VersionId, id: DeltaId): void {
    this.#written.set(versionKey(version), id)
  }

  /**
   * Whether the archive is another's although its id is below mine: its PUT was under way when I wrote, and met bytes equal
   * to those that it had seen, and so the same ETag.
   */
  isOverwrittenFromBelow(version: VersionId, { delta }: ArchiveHead): boolean {
    const written = this.#written.get(versionKey(version))
    return written !== undefined && delta !== undefined && delta < written
  }

  /** From now on this push speaks for the archive that `head` shows, although another push wrote it. */
  adopt(version: VersionId, head: ArchiveHead): void {
    this.#adopted.set(versionKey(version), head)
  }

  isMine({ delta }: ArchiveHead): boolean {
    return delta !== undefined && this.#mine.has(delta)
  }

  /** Archives of old clients carry no id: their bytes must be the same, too. */
  isAdopted(version: VersionId, { delta, digest }: ArchiveHead): boolean {
    const adopted = this.#adopted.get(versionKey(version))
    return adopted !== undefined && adopted.delta === delta && adopted.digest === digest
  }
}
