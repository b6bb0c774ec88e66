import type { DeltaId } from '../../core/log/delta-id.ts'
import type { VersionId } from '../../core/log/entry.ts'
import type { RepositoryLocation } from '../../core/keys.ts'
import { HelmS3Error } from '../../errors.ts'
import { formatCount } from '../../text/format.ts'
import { namingRepository } from '../../core/repository-hint.ts'
import { shellWord } from '../../text/terminal-text.ts'

/** What one write changes for good: a delta, or another object that takes effect by itself. */
export type Change =
  | { readonly delta: DeltaId; readonly added: readonly VersionId[]; readonly removed: readonly VersionId[] }
  | { readonly object: string }

type DeltaChange = Extract<Change, { readonly delta: DeltaId }>

/** `sent`: it is not known whether the change was made. */
type Fate = 'sent' | 'committed'

/** At most this many versions and archives are named individually. */
const MOST_VERSIONS = 3
const MOST_ARCHIVES = 20

/**
 * What a command has changed so far. The writers of the protocol note each change at its commit point. `main` reads the
 * notes when the command fails or is stopped, so that a change that was made is not reported as not made.
 */
export class Changes {
  readonly #fates = new Map<Change, Fate>()
  readonly #replaced: VersionId[] = []
  readonly #archives: { readonly repository: string; readonly key: string; readonly cause: string }[] = []

  /** Notes that a change is about to be sent: from now on it may take effect at any moment. */
  sending(change: Change): void {
    this.#fates.set(change, 'sent')
  }

  /** Notes that the store has accepted a change, or that a look has found it in effect. */
  committed(change: Change): void {
    this.#fates.set(change, 'committed')
  }

  /** Notes that a change certainly was not made and will not be made. */
  notMade(change: Change): void {
    this.#fates.delete(change)
  }

  /** Notes that the archive of a version was replaced, or may have been. The delta that follows tells the index so. */
  replaced({ name, version }: VersionId): void {
    this.#replaced.push({ name, version })
  }

  /** Notes that an archive stays in the bucket, or may stay, although its version is removed. */
  leaveArchive({ address }: Pick<RepositoryLocation, 'address'>, key: string, cause: unknown): void {
    this.#archives.push({ repository: address, key, cause: namingRepository(causeText(cause), { address }) })
  }

  /** The changes that are committed, such as `app 1.0.0 (delta 01J…)`; undefined when there are none. */
  get committedText(): string | undefined {
    return describe(this.#with('committed'))
  }

  /** The versions that were added for certain; undefined when there are none. */
  get addedText(): string | undefined {
    return namesOf(this.#with('committed').flatMap((change) => ('delta' in change ? change.added : [])))
  }

  /** The changes that may or may not have been made; undefined when there are none. */
  get unansweredText(): string | undefined {
    return describe(this.#with('sent'))
  }

  get hasUnansweredDelta(): boolean {
    return this.#with('sent').some((change) => 'delta' in change)
  }

  /**
   * The versions whose archive may have been replaced while no delta that says so is committed; undefined when there
   * are none.
   */
  get replacedText(): string | undefined {
    const isSaidBy = (change: Change): readonly string[] => ('delta' in change ? change.added.map(nameOf) : [])
    const said = new Set(this.#with('committed').flatMap(isSaidBy))
    return namesOf(this.#replaced.filter((version) => !said.has(nameOf(version))))
  }

  /** One line about work that should have followed a change and could not be done; undefined when there is none. */
  get leftover(): string | undefined {
    const [first] = this.#archives
    if (first === undefined) return undefined
    const keys = this.#archives.slice(0, MOST_ARCHIVES).map(({ key }) => key)
    const others = this.#archives.length - keys.length
    const list = `${keys.join(', ')}${others > 0 ? ` and ${String(others)} more` : ''}`
    const what = 'removed from the index, and still in the bucket or not known to be gone'
    return (
      `${what}: ${list} (${first.cause}); \`helm s3 prune ${shellWord(first.repository)} --orphans\` removes ` +
      `what stays`
    )
  }

  #with(fate: Fate): readonly Change[] {
    return [...this.#fates].flatMap(([change, each]) => (each === fate ? [change] : []))
  }
}

function describe(changes: readonly Change[]): string | undefined {
  const deltas = changes.flatMap((change) => ('delta' in change ? [change] : []))
  const objects = new Set(changes.flatMap((change) => ('object' in change ? [change.object] : [])))
  const parts = [...(deltas.length === 0 ? [] : [describeDeltas(deltas)]), ...objects]
  return parts.length === 0 ? undefined : parts.join(', ')
}

function describeDeltas(deltas: readonly DeltaChange[]): string {
  const added = namesOf(deltas.flatMap((each) => each.added))
  const removed = namesOf(deltas.flatMap((each) => each.removed))
  const parts: string[] = []
  if (added !== undefined) parts.push(added)
  if (removed !== undefined) parts.push(`the removal of ${removed}`)
  const what = parts.length === 0 ? 'the removal of archives that no entry names' : parts.join(' and ')
  const last = deltas.at(-1)?.delta ?? ''
  const where = deltas.length === 1 ? `delta ${last}` : `${String(deltas.length)} deltas, the last ${last}`
  return `${what} (${where})`
}

function nameOf({ name, version }: VersionId): string {
  return `${name} ${version}`
}

/** The versions in one text, each named once; undefined when there are none. */
function namesOf(versions: readonly VersionId[]): string | undefined {
  const names = [...new Set(versions.map(nameOf))]
  if (names.length === 0) return undefined
  return names.length > MOST_VERSIONS ? formatCount(names.length, 'version') : names.join(', ')
}

/** The message of an error, with the way out if it has one, for instance the permission that is missing. */
function causeText(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  return cause instanceof HelmS3Error && cause.hint !== undefined ? `${cause.message}; ${cause.hint}` : cause.message
}
