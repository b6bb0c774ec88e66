import type { DeltaId } from '../../core/log/delta-id.ts'

/** What one command has learnt about the ids of a repository, from whatever answer. */
export class KnownIds {
  #highest: DeltaId | undefined
  readonly #ended = new Set<DeltaId>()

  /** The highest delta that was seen: listed, folded, or named by `index.yaml` as its newest. Undefined: none yet. */
  get highest(): DeltaId | undefined {
    return this.#highest
  }

  /** A delta that was seen in the repository. */
  note(id: DeltaId | undefined): void {
    if (id !== undefined && (this.#highest === undefined || id > this.#highest)) this.#highest = id
  }

  /** Removals of this command that are through: each DELETE that they allowed has been answered. */
  get ended(): ReadonlySet<DeltaId> {
    return this.#ended
  }

  noteEnded(id: DeltaId): void {
    this.#ended.add(id)
  }
}
