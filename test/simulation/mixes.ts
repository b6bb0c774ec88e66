/** What the clients of a schedule do, and when. Times in milliseconds. */
export interface Mix {
  /** Operations begin within this time. */
  readonly span: number
  /** Mean latency of each way. */
  readonly latency: number
  readonly stall: number
  /** How much more often than usual requests and answers are late or lost. */
  readonly faults: number
  /** Of the compactions, milliseconds. */
  readonly graceWindow: number
  /** How often each operation is drawn. */
  readonly weights: Readonly<Record<OperationKind, number>>
  /** The least and the greatest number of operations. */
  readonly operations: readonly [number, number]
  /** Chance that a mutation compacts when it is done. */
  readonly inline: number
  readonly compactions: number
  readonly reads: number
  /** Chance that a chart version which is there at the start has an old, folded delta that is ripe for collection. */
  readonly oldDeltas: number
  /** Chance that it stands in a delta that is pending still. */
  readonly pendingDeltas: number
}

export type OperationKind = 'push' | 'force' | 'delete' | 'batch' | 'prune' | 'init' | 'junk'

const MINUTE = 60_000
const NONE: Mix['weights'] = { push: 0, force: 0, delete: 0, batch: 0, prune: 0, init: 0, junk: 0 }

const named = {
  tight: { span: 1500, latency: 60, stall: 0.01, faults: 1, graceWindow: 5 * MINUTE, weights: { ...NONE, push: 4, force: 3, delete: 4, batch: 1, prune: 1 }, operations: [3, 6], inline: 0.75, compactions: 3, reads: 4, oldDeltas: 0, pendingDeltas: 0 },
  batch: { span: 3000, latency: 60, stall: 0.02, faults: 1, graceWindow: 5 * MINUTE, weights: { ...NONE, push: 2, force: 2, delete: 2, batch: 4, prune: 3 }, operations: [3, 6], inline: 0.75, compactions: 4, reads: 4, oldDeltas: 0, pendingDeltas: 0 },
  long: { span: 900e3, latency: 400, stall: 0.08, faults: 1, graceWindow: 5 * MINUTE, weights: { ...NONE, push: 4, force: 3, delete: 4, batch: 1, prune: 1 }, operations: [3, 6], inline: 0.75, compactions: 12, reads: 5, oldDeltas: 0, pendingDeltas: 0 },
  init: { span: 420e3, latency: 300, stall: 0.06, faults: 1, graceWindow: 5 * MINUTE, weights: { ...NONE, push: 4, force: 1, delete: 3, batch: 1, init: 2 }, operations: [3, 6], inline: 0.75, compactions: 8, reads: 4, oldDeltas: 0.7, pendingDeltas: 0 },
  junk: { span: 600e3, latency: 300, stall: 0.04, faults: 1, graceWindow: 5 * MINUTE, weights: { ...NONE, push: 4, force: 2, delete: 3, batch: 2, junk: 2 }, operations: [3, 6], inline: 0.75, compactions: 8, reads: 4, oldDeltas: 0, pendingDeltas: 0 },
  stall: { span: 600e3, latency: 200, stall: 0.22, faults: 1, graceWindow: 5 * MINUTE, weights: { ...NONE, push: 5, force: 2, delete: 5, batch: 1 }, operations: [3, 6], inline: 0.75, compactions: 22, reads: 8, oldDeltas: 0.5, pendingDeltas: 0 },
  storm: { span: 2000, latency: 60, stall: 0.02, faults: 8, graceWindow: MINUTE, weights: { ...NONE, push: 4, force: 4, delete: 5, batch: 1 }, operations: [4, 7], inline: 0.75, compactions: 8, reads: 4, oldDeltas: 0.3, pendingDeltas: 0.3 },
  drift: { span: 300e3, latency: 200, stall: 0.5, faults: 6, graceWindow: MINUTE, weights: { ...NONE, push: 5, force: 2, delete: 5 }, operations: [3, 6], inline: 0.2, compactions: 30, reads: 12, oldDeltas: 0.3, pendingDeltas: 0.7 },
  crossing: { span: 400, latency: 150, stall: 0.02, faults: 12, graceWindow: MINUTE, weights: { ...NONE, push: 4, force: 3, delete: 6 }, operations: [6, 9], inline: 0.5, compactions: 6, reads: 4, oldDeltas: 0, pendingDeltas: 0.2 },
} satisfies Record<string, Mix>

export type MixName = keyof typeof named
export const MIXES: Readonly<Record<MixName, Mix>> = named

/** What a run without `--mix` draws from. */
export const DEFAULT_MIXES: readonly MixName[] = ['tight', 'tight', 'batch', 'long', 'init', 'junk', 'stall', 'storm', 'drift', 'crossing']
