/** What the clients of a schedule do, when, and in which weather. Times in milliseconds. */
export interface Mix {
  /** Operations begin within this time. */
  readonly span: number
  /** Mean latency of each way. */
  readonly latency: number
  /** Chance that a client is suspended before a request that no deadline guards. */
  readonly stall: number
  /** For how long, at the most, mostly; seldom eight times that. */
  readonly nap: number
  /** How much more often than usual reads and their answers are late or lost. */
  readonly readFaults: number
  /** The same for mutations. */
  readonly writeFaults: number
  /** How often each operation is drawn. */
  readonly weights: Readonly<Partial<Record<OperationKind, number>>>
  /** The least and the greatest number of operations. */
  readonly operations: readonly [number, number]
  /** What is pushed: one letter for each content of a version. */
  readonly contents: string
  /** Chance that a mutation compacts when it is done. */
  readonly inline: number
  readonly compactions: number
  /** Compactions begin within this time. */
  readonly compactionSpan: number
  readonly graceWindow: number
  readonly reads: number
  /** Reads begin within this time. */
  readonly readSpan: number
  /** Chance that a chart version which is there at the start has an old, folded delta that is ripe for collection. */
  readonly oldDeltas: number
  /** What is drawn for each version at the start: nothing, archive and entry, or an archive without an entry. */
  readonly start: readonly ('none' | 'both' | 'orphan')[]
  /** Chance that it stands in a delta that is pending still. */
  readonly pendingDeltas: number
}

export type OperationKind = 'push' | 'force' | 'delete' | 'batch' | 'prune' | 'orphans' | 'init' | 'junk' | 'reindex' | 'garbage' | 'rebuild'
export type MixName =
  | 'tight'
  | 'batch'
  | 'long'
  | 'init'
  | 'junk'
  | 'stall'
  | 'storm'
  | 'late'
  | 'forced'
  | 'sleepers'
  | 'readers'
  | 'reindex'
  | 'mending'
  | 'crossed'
  | 'rebuild'
  | 'orphans'

const MINUTE = 60_000

const CALM: Mix = {
  ...within(1500),
  latency: 60,
  stall: 0.01,
  nap: MINUTE,
  readFaults: 1,
  writeFaults: 1,
  weights: { push: 4, force: 3, delete: 4, batch: 1, prune: 1 },
  operations: [3, 6],
  contents: 'AAB',
  inline: 0.75,
  compactions: 3,
  graceWindow: 5 * MINUTE,
  reads: 4,
  oldDeltas: 0,
  start: ['none', 'none', 'both', 'both', 'both', 'orphan'],
  pendingDeltas: 0,
}

export const MIXES: Readonly<Record<MixName, Mix>> = {
  /** Everyone at the same moment. */
  tight: CALM,
  /** Several versions of one chart, in batches. */
  batch: {
    ...CALM,
    ...within(3000),
    stall: 0.02,
    weights: { push: 2, force: 2, delete: 2, batch: 4, prune: 3 },
    compactions: 4,
  },
  /** A quarter of an hour, slowly. */
  long: { ...CALM, ...within(15 * MINUTE), latency: 400, stall: 0.08, compactions: 12, reads: 5 },
  /** Somebody empties the repository by force while others work. */
  init: {
    ...CALM,
    ...within(6000),
    latency: 300,
    weights: { push: 4, force: 1, delete: 2, batch: 1, init: 3 },
    operations: [4, 7],
    compactions: 24,
    oldDeltas: 0.3,
    pendingDeltas: 0.4,
  },
  /** Somebody writes what is no delta. */
  junk: {
    ...CALM,
    ...within(10 * MINUTE),
    latency: 300,
    stall: 0.04,
    weights: { push: 4, force: 2, delete: 3, batch: 2, junk: 2 },
    compactions: 8,
  },
  /** Machines that sleep for minutes. */
  stall: {
    ...CALM,
    ...within(10 * MINUTE),
    latency: 200,
    stall: 0.22,
    weights: { push: 5, force: 2, delete: 5, batch: 1 },
    compactions: 22,
    reads: 8,
    oldDeltas: 0.5,
  },
  /** A network that loses and delays, and the shortest grace window. */
  storm: {
    ...CALM,
    ...within(2000),
    readFaults: 3,
    writeFaults: 10,
    weights: { push: 4, force: 4, delete: 5, batch: 1 },
    operations: [4, 7],
    compactions: 8,
    graceWindow: MINUTE,
    oldDeltas: 0.3,
    pendingDeltas: 0.3,
  },
  /** Mutations that arrive when others have gone on since. */
  late: {
    ...CALM,
    ...within(20_000),
    latency: 100,
    writeFaults: 12,
    weights: { push: 6, delete: 6 },
    operations: [6, 9],
    contents: 'A',
    compactions: 30,
    graceWindow: MINUTE,
  },
  /** Everyone replaces the same version. */
  forced: {
    ...CALM,
    ...within(15_000),
    latency: 100,
    writeFaults: 10,
    weights: { push: 1, force: 6, delete: 1 },
    operations: [5, 8],
    contents: 'ABCD',
    compactions: 20,
    graceWindow: MINUTE,
  },
  /** Long sleeps right at the start, and a cron that folds and collects as fast as it may. */
  sleepers: {
    ...CALM,
    ...within(5000),
    latency: 100,
    stall: 0.12,
    nap: 4 * MINUTE,
    weights: { push: 6, delete: 4 },
    operations: [4, 6],
    contents: 'AB',
    inline: 0.5,
    compactions: 40,
    compactionSpan: 4 * MINUTE,
    graceWindow: MINUTE,
    pendingDeltas: 0.5,
  },
  /** Readers that sleep between two requests while what they look for is folded and collected. */
  readers: {
    ...CALM,
    ...within(5000),
    latency: 100,
    stall: 0.3,
    nap: 4 * MINUTE,
    weights: { push: 1 },
    operations: [1, 2],
    inline: 0,
    compactions: 40,
    compactionSpan: 4 * MINUTE,
    graceWindow: MINUTE,
    reads: 12,
    pendingDeltas: 1,
  },
  /** Somebody reindexes while others work. */
  reindex: {
    ...CALM,
    ...within(3000),
    latency: 80,
    stall: 0.02,
    weights: { push: 4, force: 2, delete: 4, reindex: 4, batch: 1 },
    operations: [4, 7],
  },
  /** Reindexes among mutations that are late, lost and half done, and collected as soon as may be. */
  mending: {
    ...CALM,
    ...within(20_000),
    latency: 100,
    stall: 0.05,
    writeFaults: 8,
    weights: { push: 3, force: 3, delete: 4, reindex: 5 },
    operations: [5, 8],
    contents: 'AB',
    compactions: 20,
    compactionSpan: 3 * MINUTE,
    graceWindow: MINUTE,
    oldDeltas: 0.3,
    pendingDeltas: 0.3,
  },
  /** Reindexes whose deltas arrive late, while others replace and delete what they are about. */
  crossed: {
    ...CALM,
    ...within(4000),
    latency: 150,
    stall: 0.02,
    writeFaults: 15,
    weights: { push: 2, force: 5, delete: 2, reindex: 7 },
    operations: [6, 9],
    contents: 'AB',
    compactions: 20,
    compactionSpan: 2 * MINUTE,
    graceWindow: MINUTE,
  },
  /** Somebody writes garbage over index.yaml, and others rebuild it. */
  rebuild: {
    ...CALM,
    ...within(10_000),
    latency: 100,
    stall: 0.02,
    weights: { push: 3, force: 1, delete: 2, garbage: 2, rebuild: 4 },
    operations: [5, 8],
    compactions: 12,
    graceWindow: MINUTE,
    oldDeltas: 0.3,
    pendingDeltas: 0.3,
  },
  /** Somebody clears away archives that no entry names, while others push them. */
  orphans: {
    ...CALM,
    ...within(3000),
    latency: 100,
    stall: 0.03,
    writeFaults: 6,
    weights: { push: 5, force: 2, delete: 1, orphans: 4, reindex: 1 },
    operations: [4, 7],
    start: ['none', 'both', 'orphan', 'orphan', 'orphan'],
    compactions: 6,
    graceWindow: MINUTE,
  },
}

/** What a run without `--mix` draws from. */
export const DEFAULT_MIXES: readonly MixName[] = ['tight', 'tight', 'batch', 'long', 'init', 'junk', 'stall', 'storm', 'late', 'forced', 'sleepers', 'readers', 'reindex', 'mending', 'crossed', 'rebuild']

function within(span: number): Pick<Mix, 'span' | 'readSpan' | 'compactionSpan'> {
  return { span, readSpan: span * 1.2, compactionSpan: span * 1.3 }
}
