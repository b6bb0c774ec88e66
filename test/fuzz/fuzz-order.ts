import { MAX_SIZE } from './mutations.ts'

/** What a thread is to try. */
export interface FuzzOrder {
  readonly target: string
  readonly seed: number
  readonly runs: number
  /** The folder with real inputs of this target. It need not exist. */
  readonly corpus: string
  /** One input, in the place of all others. */
  readonly only?: Uint8Array | undefined
  /** What is tried now: how many inputs were begun, the length of the present one, and its bytes. */
  readonly shared: SharedArrayBuffer
}

/** Bytes before the input in what is shared. */
export const SHARED_HEAD = 8
export const SHARED_SIZE = SHARED_HEAD + MAX_SIZE

/**
 * The global variable of an instrumented program that counts how often each branch was taken: a `Uint8Array`. It must
 * be there before the program is loaded.
 */
export const COUNTERS = '__branchCounters'
