/** What the clients of a schedule do, when, and with which faults of network and machines. Times in milliseconds. */
export interface Mix {
  /** Operations begin within this time. */
  readonly span: number
  /** Each operation begins when the one before has ended, and none may take long: see `Actors`. */
  readonly inTurn: boolean
  /** Mean latency of each way. */
  readonly latency: number
  /**
   * Chance that a client is suspended before a request that no deadline guards, or after it got an answer (half of it
   * each).
   */
  readonly stall: number
  /** The same before a request that a deadline guards. Only on stores that refuse late requests. */
  readonly guardedStall: number
  /** The longest suspension in most cases; rarely it may be eight times as long. */
  readonly nap: number
  /**
   * Chance that its clocks stop, too, while it is suspended. For clients that write: only on stores that refuse late
   * requests.
   */
  readonly standingClocks: number
  /** Chance that the wall clock of a client is set while it works, by up to an hour, either way. */
  readonly steps: number
  /** How often the clock of the store is set, by up to an hour, either way. */
  readonly storeSteps: number
  /** How much more often than usual reads and their answers are late or lost. */
  readonly readFaults: number
  /** The same for mutations. */
  readonly writeFaults: number
  /** Chance that a client dies somewhere in its operation. */
  readonly crashes: number
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
  /** From which age on archives without an entry may be cleared away. */
  readonly orphanAge: number
  /** Chance that a chart version which is there at the start has an old, folded delta that is ripe for collection. */
  readonly oldDeltas: number
  /** What is drawn for each version at the start: nothing, archive and entry, or an archive without an entry. */
  readonly start: readonly ('none' | 'both' | 'orphan')[]
  /** Chance that its entry is in a delta that is still pending. */
  readonly pendingDeltas: number
  /** Chance that the index notes a folded delta as `*`, as early releases did. */
  readonly legacy: number
}

/**
 * `ignore`: push --ignore-if-exists. `batch` and `prune`: push and delete of all versions. `orphans`: prune --orphans.
 * `junk`, `garbage`, `vanish` and `empty`: somebody without the program writes an object that is no delta, writes a
 * text that is no index, removes the index, or writes an empty one.
 */
export type OperationKind =
  | 'push'
  | 'ignore'
  | 'force'
  | 'restore'
  | 'delete'
  | 'batch'
  | 'prune'
  | 'orphans'
  | 'init'
  | 'reindex'
  | 'rebuild'
  | 'junk'
  | 'garbage'
  | 'vanish'
  | 'empty'

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
  | 'damage'
  | 'orphans'
  | 'dead'
  | 'clocks'
  | 'store-clock'
  | 'legacy'
  | 'calm'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const USUAL: Mix = {
  ...within(1500),
  inTurn: false,
  latency: 60,
  stall: 0.01,
  guardedStall: 0.003,
  nap: MINUTE,
  standingClocks: 0.3,
  steps: 0.04,
  storeSteps: 0,
  readFaults: 1,
  writeFaults: 1,
  crashes: 0.12,
  weights: { push: 4, ignore: 0.7, force: 3, restore: 0.7, delete: 4, batch: 1, prune: 1, orphans: 0.2 },
  operations: [3, 6],
  contents: 'AAB',
  inline: 0.75,
  compactions: 3,
  graceWindow: 5 * MINUTE,
  reads: 4,
  orphanAge: HOUR,
  oldDeltas: 0,
  start: ['none', 'none', 'both', 'both', 'both', 'orphan'],
  pendingDeltas: 0,
  legacy: 0.02,
}

export const MIXES: Readonly<Record<MixName, Mix>> = {
  /** Everyone at the same moment. */
  tight: USUAL,
  /** Several versions of one chart, in batches. */
  batch: {
    ...USUAL,
    ...within(3000),
    stall: 0.02,
    weights: { push: 2, ignore: 0.5, force: 2, restore: 0.5, delete: 2, batch: 4, prune: 3, orphans: 0.2 },
    compactions: 4,
  },
  /** A quarter of an hour, slowly. */
  long: { ...USUAL, ...within(15 * MINUTE), latency: 400, stall: 0.08, compactions: 12, reads: 5 },
  /** Somebody empties the repository by force while others work. */
  init: {
    ...USUAL,
    ...within(6000),
    latency: 300,
    weights: { push: 4, ignore: 0.5, force: 1, restore: 0.5, delete: 2, batch: 1, init: 3, orphans: 0.2 },
    operations: [4, 7],
    compactions: 24,
    oldDeltas: 0.3,
    pendingDeltas: 0.4,
  },
  /** Somebody writes objects that are no deltas. */
  junk: {
    ...USUAL,
    ...within(10 * MINUTE),
    latency: 300,
    stall: 0.04,
    weights: { push: 4, ignore: 0.5, force: 2, restore: 0.5, delete: 3, batch: 2, junk: 2, orphans: 0.2 },
    compactions: 8,
  },
  /** Machines that sleep for minutes. */
  stall: {
    ...USUAL,
    ...within(10 * MINUTE),
    latency: 200,
    stall: 0.22,
    weights: { push: 5, ignore: 0.5, force: 2, restore: 0.5, delete: 5, batch: 1, orphans: 0.2 },
    compactions: 22,
    reads: 8,
    oldDeltas: 0.5,
  },
  /** A network that loses and delays, and the shortest grace window. */
  storm: {
    ...USUAL,
    ...within(2000),
    readFaults: 3,
    writeFaults: 10,
    weights: { push: 4, ignore: 0.5, force: 4, restore: 0.5, delete: 5, batch: 1, orphans: 0.2 },
    operations: [4, 7],
    compactions: 8,
    graceWindow: MINUTE,
    oldDeltas: 0.3,
    pendingDeltas: 0.3,
  },
  /** Mutations that arrive late, when other clients have gone on. */
  late: {
    ...USUAL,
    ...within(20_000),
    latency: 100,
    writeFaults: 12,
    weights: { push: 6, ignore: 0.7, restore: 1, delete: 6, orphans: 0.2 },
    operations: [6, 9],
    contents: 'A',
    compactions: 30,
    graceWindow: MINUTE,
  },
  /** Everyone replaces the same version. */
  forced: {
    ...USUAL,
    ...within(15_000),
    latency: 100,
    writeFaults: 10,
    weights: { push: 1, force: 6, restore: 0.3, delete: 1, orphans: 0.1 },
    operations: [5, 8],
    contents: 'ABCD',
    compactions: 20,
    graceWindow: MINUTE,
  },
  /** Long suspensions right at the start, and a cron job that folds and collects as fast as it may. */
  sleepers: {
    ...USUAL,
    ...within(5000),
    latency: 100,
    stall: 0.12,
    nap: 4 * MINUTE,
    weights: { push: 6, ignore: 0.5, restore: 0.7, delete: 4, orphans: 0.2 },
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
    ...USUAL,
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
    ...USUAL,
    ...within(3000),
    latency: 80,
    stall: 0.02,
    weights: { push: 4, ignore: 0.5, force: 2, restore: 0.5, delete: 4, reindex: 4, batch: 1, orphans: 0.2 },
    operations: [4, 7],
  },
  /** Reindexes among mutations that are late, lost or half done, with collection as early as allowed. */
  mending: {
    ...USUAL,
    ...within(20_000),
    latency: 100,
    stall: 0.05,
    writeFaults: 8,
    weights: { push: 3, ignore: 0.5, force: 3, restore: 0.5, delete: 4, reindex: 5, orphans: 0.2 },
    operations: [5, 8],
    contents: 'AB',
    compactions: 20,
    compactionSpan: 3 * MINUTE,
    graceWindow: MINUTE,
    oldDeltas: 0.3,
    pendingDeltas: 0.3,
  },
  /** Reindexes whose deltas arrive late, while others replace and delete the same versions. */
  crossed: {
    ...USUAL,
    ...within(4000),
    latency: 150,
    stall: 0.02,
    writeFaults: 15,
    weights: { push: 2, force: 5, delete: 2, reindex: 7, orphans: 0.2 },
    operations: [6, 9],
    contents: 'AB',
    compactions: 20,
    compactionSpan: 2 * MINUTE,
    graceWindow: MINUTE,
  },
  /**
   * Somebody writes garbage over index.yaml or removes it, and others rebuild it, while collections are under way.
   */
  rebuild: {
    ...USUAL,
    ...within(10_000),
    latency: 100,
    stall: 0.02,
    writeFaults: 4,
    weights: {
      push: 3,
      ignore: 0.3,
      force: 1,
      restore: 0.3,
      delete: 2,
      garbage: 2,
      vanish: 1,
      rebuild: 5,
      orphans: 0.2,
    },
    operations: [5, 8],
    compactions: 12,
    reads: 8,
    graceWindow: MINUTE,
    oldDeltas: 0.5,
    pendingDeltas: 0.3,
  },
  /** The same, and somebody writes an empty index, as an old client does, in the place of what there is. */
  damage: {
    ...USUAL,
    ...within(10_000),
    latency: 100,
    stall: 0.02,
    writeFaults: 4,
    weights: {
      push: 3,
      force: 1,
      restore: 0.3,
      delete: 2,
      garbage: 1,
      vanish: 1,
      empty: 2,
      rebuild: 3,
      reindex: 2,
      orphans: 0.2,
    },
    operations: [5, 8],
    compactions: 12,
    reads: 6,
    graceWindow: MINUTE,
    oldDeltas: 0.5,
    pendingDeltas: 0.3,
  },
  /** Somebody runs prune --orphans while others push the same versions. */
  orphans: {
    ...USUAL,
    ...within(3000),
    latency: 100,
    stall: 0.03,
    writeFaults: 6,
    weights: { push: 5, ignore: 0.5, force: 2, restore: 0.3, delete: 1, orphans: 4, reindex: 1 },
    // Much less than the program waits, but more than a push that is not suspended needs from its archive to its delta.
    orphanAge: 2 * MINUTE,
    operations: [4, 7],
    start: ['none', 'both', 'orphan', 'orphan', 'orphan'],
    compactions: 6,
    graceWindow: MINUTE,
  },
  /** Pushes that die between archive and delta, or send their delta late, while others push the same version. */
  dead: {
    ...USUAL,
    ...within(8000),
    latency: 150,
    stall: 0.06,
    guardedStall: 0.06,
    nap: 3 * MINUTE,
    standingClocks: 0.5,
    writeFaults: 12,
    crashes: 0.4,
    weights: { push: 6, ignore: 0.3, force: 4, restore: 0.3, delete: 2, orphans: 0.3 },
    operations: [6, 9],
    contents: 'AB',
    compactions: 12,
    compactionSpan: 2 * MINUTE,
    graceWindow: MINUTE,
    start: ['none', 'both', 'orphan'],
  },
  /** Machines that are suspended, and clocks that stop or are set. */
  clocks: {
    ...USUAL,
    ...within(20_000),
    latency: 100,
    stall: 0.08,
    guardedStall: 0.06,
    nap: 3 * MINUTE,
    standingClocks: 0.6,
    steps: 0.6,
    weights: { push: 5, ignore: 0.5, force: 3, restore: 1, delete: 5, reindex: 1, orphans: 0.2 },
    operations: [4, 7],
    contents: 'AB',
    compactions: 25,
    compactionSpan: 4 * MINUTE,
    graceWindow: MINUTE,
    oldDeltas: 0.3,
    pendingDeltas: 0.3,
  },
  /**
   * The clock of the store is set. No machine is suspended with its clocks meanwhile: only the store can tell that its
   * requests are late, and only by a clock that is not set back.
   */
  'store-clock': {
    ...USUAL,
    ...within(3 * MINUTE),
    latency: 100,
    stall: 0.03,
    guardedStall: 0,
    standingClocks: 0,
    steps: 0.1,
    storeSteps: 2,
    weights: { push: 5, ignore: 0.5, force: 2, restore: 0.5, delete: 4, reindex: 0.5, orphans: 0.2 },
    operations: [4, 7],
    contents: 'AB',
    compactions: 12,
    graceWindow: MINUTE,
    oldDeltas: 0.3,
    pendingDeltas: 0.3,
  },
  /** An index of an early release. */
  legacy: {
    ...USUAL,
    ...within(20_000),
    latency: 100,
    stall: 0.03,
    writeFaults: 4,
    weights: { push: 5, ignore: 0.5, force: 3, restore: 0.5, delete: 4, batch: 1, reindex: 1, orphans: 0.2 },
    operations: [4, 7],
    compactions: 8,
    compactionSpan: 2 * MINUTE,
    graceWindow: MINUTE,
    oldDeltas: 0.5,
    pendingDeltas: 0.5,
    legacy: 1,
  },
  /** One command after another, and nothing goes wrong. */
  calm: {
    ...USUAL,
    inTurn: true,
    latency: 20,
    stall: 0,
    guardedStall: 0,
    steps: 0,
    readFaults: 0,
    writeFaults: 0,
    crashes: 0,
    operations: [8, 14],
    contents: 'ABC',
    start: ['none', 'both'],
    inline: 1,
    compactions: 0,
    reads: 0,
    legacy: 0,
  },
}

/** What a run without `--mix` draws from. */
export const DEFAULT_MIXES: readonly MixName[] = [
  'tight',
  'tight',
  'batch',
  'long',
  'init',
  'junk',
  'stall',
  'storm',
  'late',
  'forced',
  'sleepers',
  'readers',
  'reindex',
  'mending',
  'crossed',
  'rebuild',
  'damage',
  'orphans',
  'dead',
  'dead',
  'clocks',
  'clocks',
  'store-clock',
  'legacy',
  'calm',
]

function within(span: number): Pick<Mix, 'span' | 'readSpan' | 'compactionSpan'> {
  return { span, readSpan: span * 1.2, compactionSpan: span * 1.3 }
}
