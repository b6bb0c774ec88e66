/** How much of everything is measured. */
export interface Sizes {
  /** Whether the goals are set for these sizes. */
  readonly isFull: boolean
  /** Runs of each case, and of a case of milliseconds. */
  readonly runs: number
  readonly startRuns: number
  /** Versions in a big index, in a small one, and in the one that many push to at once. */
  readonly big: number
  readonly small: number
  readonly shared: number
  readonly writers: number
  /** Pending deltas when reading, and when compacting. */
  readonly pendingRead: number
  readonly pendingCompact: number
  /** Archives to index anew, and to push in one call. */
  readonly archives: number
  readonly batch: number
  /** Milliseconds. */
  readonly roundTrip: number
  /** Bits per second. */
  readonly bandwidth: number
  readonly far: FarSizes
  readonly growth: GrowthSizes
}

/** Versions in an index that is read and written in pages, far away. */
export interface FarSizes {
  readonly tiny: number
  readonly small: number
  readonly large: number
  readonly huge: number
}

/** Where costs are measured as they grow. */
export interface GrowthSizes {
  /** Versions in the index; the peer goes along as far as it gets in reasonable time and memory. */
  readonly versions: readonly number[]
  readonly peerVersions: number
  /** Pending deltas, on an index with so many versions. */
  readonly deltas: readonly number[]
  readonly deltasVersions: number
  /** Processes that push at once, into an index with so many versions. */
  readonly writers: readonly number[]
  readonly peerWriters: number
  readonly writersVersions: number
}

export const FULL_SIZES: Sizes = {
  isFull: true,
  runs: 3,
  startRuns: 21,
  big: 150_000,
  small: 300,
  shared: 30_000,
  writers: 20,
  pendingRead: 100,
  pendingCompact: 10_000,
  archives: 2000,
  batch: 1000,
  roundTrip: 20,
  bandwidth: 100_000_000,
  far: { tiny: 3000, small: 30_000, large: 150_000, huge: 1_000_000 },
  growth: {
    versions: [300, 3000, 30_000, 150_000, 1_000_000],
    peerVersions: 150_000,
    deltas: [0, 1, 10, 100, 1000, 10_000],
    deltasVersions: 30_000,
    writers: [1, 2, 5, 10, 20, 50, 100, 200],
    peerWriters: 50,
    writersVersions: 3000,
  },
}

export const QUICK_SIZES: Sizes = {
  ...FULL_SIZES,
  isFull: false,
  runs: 1,
  startRuns: 7,
  big: 15_000,
  shared: 3000,
  writers: 5,
  pendingCompact: 500,
  archives: 100,
  batch: 100,
  // From 60,000 on the index is large enough to be composed in the store.
  far: { tiny: 300, small: 3000, large: 15_000, huge: 65_000 },
  growth: {
    versions: [300, 3000, 15_000],
    peerVersions: 3000,
    deltas: [0, 10, 100],
    deltasVersions: 3000,
    writers: [1, 2, 5],
    peerWriters: 5,
    writersVersions: 300,
  },
}
