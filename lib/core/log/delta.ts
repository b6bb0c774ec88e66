import type { DeltaId } from './delta-id.ts'
import { type Entry, type Removal, type VersionId, versionKey } from './entry.ts'

/** An entry that a delta adds. `ifAbsent`: only when the index has no entry of this name and version. */
export interface Addition {
  readonly entry: Entry
  readonly ifAbsent: boolean
}

/** Who made a delta, for `helm s3 log`. All fields are optional, and none affects the index. */
export interface Origin {
  readonly user?: string
  readonly host?: string
  /** The version of this program. */
  readonly tool?: string
  /** `push`, `delete`, ... */
  readonly command?: string
}

/** The content of one `index.d/<ULID>.yaml`. Removals apply before additions. */
export interface Delta {
  readonly added: readonly Addition[]
  readonly removed: readonly Removal[]
  readonly origin?: Origin
}

/** A delta as it stands in the store. */
export interface StoredDelta extends Delta {
  readonly id: DeltaId
  /** When the store received it: store clock, milliseconds since 1970. */
  readonly lastModified: number
}

/** Whether the delta adds or removes this version. */
export function touches(delta: Delta, id: VersionId): boolean {
  const key = versionKey(id)
  return delta.added.some((a) => versionKey(a.entry) === key) || delta.removed.some((r) => versionKey(r) === key)
}

/** The removals of versions that the delta does not also add. */
export function removedForGood(delta: Delta): readonly Removal[] {
  const added = new Set(delta.added.map(({ entry }) => versionKey(entry)))
  return delta.removed.filter((removal) => !added.has(versionKey(removal)))
}

/** The last word that some deltas have on a version. */
export interface LastWord {
  readonly id: DeltaId
  /** Undefined: a removal. */
  readonly addition: Addition | undefined
}

/** For each version, by version key, what the highest of these deltas that touches it says. `deltas`: in id order. */
export function lastWords(deltas: readonly StoredDelta[]): ReadonlyMap<string, LastWord> {
  const words = new Map<string, LastWord>()
  for (const { id, added, removed } of deltas) {
    for (const removal of removed) words.set(versionKey(removal), { id, addition: undefined })
    for (const addition of added) words.set(versionKey(addition.entry), { id, addition })
  }
  return words
}

/**
 * The versions on which the delta has the last word. Additions `ifAbsent` do not count, because they give way to
 * others.
 */
export function touchedVersions(delta: Delta): readonly VersionId[] {
  const touched = new Map<string, VersionId>()
  const note = ({ name, version }: VersionId): void =>
    void touched.set(versionKey({ name, version }), { name, version })
  for (const removal of delta.removed) note(removal)
  for (const addition of delta.added) if (!addition.ifAbsent) note(addition.entry)
  return [...touched.values()]
}
