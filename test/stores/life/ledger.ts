import { type VersionId, versionKey } from '../../../lib/core/log/entry.ts'

/** A version with the SHA-256 of its archive. */
export interface Acknowledged extends VersionId {
  readonly digest: string
}

/**
 * What a repository has to hold by what was done to it: pushes that were acknowledged and not taken back, and what was
 * put there by hand.
 */
export class Ledger {
  readonly #standing = new Map<string, Acknowledged>()
  readonly #unbacked = new Map<string, VersionId>()
  readonly #strays = new Set<string>()

  get standing(): readonly Acknowledged[] {
    return [...this.#standing.values()]
  }

  get unbacked(): readonly VersionId[] {
    return [...this.#unbacked.values()]
  }

  /** Names below the prefix of objects that no entry names, and that have to be there. */
  get strays(): readonly string[] {
    return [...this.#strays]
  }

  /** The last acknowledged push of a version that stands. */
  find(version: VersionId): Acknowledged | undefined {
    return this.#standing.get(versionKey(version))
  }

  isUnbacked(version: VersionId): boolean {
    return this.#unbacked.has(versionKey(version))
  }

  acknowledge(...charts: readonly Acknowledged[]): void {
    for (const { digest, name, version } of charts) {
      this.#standing.set(versionKey({ name, version }), { name, version, digest })
    }
  }

  remove(...versions: readonly VersionId[]): void {
    for (const version of versions) this.#standing.delete(versionKey(version))
  }

  /** Entries that were put into the index by hand, and have no archives. */
  noteUnbacked(...versions: readonly VersionId[]): void {
    for (const version of versions) this.#unbacked.set(versionKey(version), version)
  }

  noteStray(name: string): void {
    this.#strays.add(name)
  }
}
