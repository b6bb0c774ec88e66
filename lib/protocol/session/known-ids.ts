import type { DeltaId } from '../../core/log/delta-id.ts'

/** What one command has learnt about the ids of a repository, from any answer of the store. */
export class KnownIds {
  #highest: DeltaId | undefined
  readonly #ended = new Set<DeltaId>()

  /**
   * The highest delta id that was seen: listed, folded, or named by `index.yaml` as its newest. Undefined: none so far.
   */
  get highest(): DeltaId | undefined {
    return this.#highest
  }

  /** Notes a delta that was seen in the repository. */
  note(id: DeltaId | undefined): void {
    if (id !== undefined && (this.#highest === undefined || id > this.#highest)) this.#highest = id
  }

  /** The removals of this command that have ended: each DELETE that they allowed has been answered. */
  get ended(): ReadonlySet<DeltaId> {
    return this.#ended
  }

  noteEnded(id: DeltaId): void {
    this.#ended.add(id)
  }
}
