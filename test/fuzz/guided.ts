import { SeededRandom } from '../simulation/seeded-random.ts'
import { mutate } from './mutations.ts'
import type { FuzzTarget } from './target.ts'

export interface Trial {
  readonly target: FuzzTarget
  /** Real inputs, beside those that the target makes. */
  readonly files: readonly Uint8Array[]
  /** How many inputs are made, beside those that are there at the start. */
  readonly runs: number
  readonly seed: number
  /**
   * How often each branch was taken since these were set to 0: a multiple of eight of them. None: the program does not
   * count.
   */
  readonly counters: Uint8Array
  /** Told of each input before it is tried. */
  readonly trying: (input: Uint8Array) => void
}

export interface TrialResult {
  readonly ran: number
  /** How many inputs took a branch that no input before them had taken, or took it more often. */
  readonly kept: number
  /** How many branches were taken. */
  readonly branches: number
  /** Milliseconds that the slowest input took. */
  readonly slowest: number
  /** The first input that ended otherwise than it may; it ends the trial. */
  readonly failure: { readonly error: string; readonly input: Uint8Array } | undefined
}

/** Of so many inputs that are tried, one is made of any input; the others are made of one of the newest. */
const ANY = 3

const NEWEST = 20

/**
 * Tries inputs that are made of others by changes. An input that takes a branch which none has taken, or takes one
 * several times as often, is kept, and others are made of it. The seed decides everything.
 */
export async function tryInputs({ counters, files, runs, seed, target, trying }: Trial): Promise<TrialResult> {
  const random = new SeededRandom(seed)
  const seen = new Uint8Array(counters.length)
  const corpus: Buffer[] = [...files, ...(await target.corpus())].map((bytes) => Buffer.from(bytes))
  const starts = [...corpus]
  let [ran, kept, slowest] = [0, 0, 0]
  const done = (failure?: TrialResult['failure']): TrialResult => {
    return { ran, kept, branches: seen.reduce((sum, bits) => sum + (bits === 0 ? 0 : 1), 0), slowest, failure }
  }
  for (; ran < starts.length + runs; ran++) {
    const input = starts[ran] ?? mutate(parentOf(corpus, starts.length, random), random, corpus)
    trying(input)
    const startedAt = performance.now()
    counters.fill(0)
    try {
      await target.take(input)
    } catch (error) {
      return done({ error: textOf(error), input: await smaller(target, input, kindOf(error), trying) })
    }
    slowest = Math.max(slowest, performance.now() - startedAt)
    if (!noteNew(counters, seen) || ran < starts.length) continue
    corpus.push(input)
    kept++
  }
  return done()
}

/** The input that the next one is made of: mostly one of the newest, and the smaller of two. */
function parentOf(corpus: readonly Buffer[], starts: number, random: SeededRandom): Buffer {
  const kept = corpus.slice(starts).slice(-NEWEST)
  const from = kept.length > 0 && random.below(ANY) > 0 ? kept : corpus
  const [one, other] = [random.pick(from), random.pick(from)]
  return one.length <= other.length ? one : other
}

/** Notes what is new in the counters. A count is one of: 1, 2, 3, up to 7, 15, 31, 127, more. */
function noteNew(counters: Uint8Array, seen: Uint8Array): boolean {
  let isNew = false
  // Nearly all of them are 0: eight are passed over at once.
  const words = new BigUint64Array(counters.buffer, counters.byteOffset, counters.length / 8)
  for (let word = 0; word < words.length; word++) {
    if (words[word] === 0n) continue
    for (let i = word * 8; i < word * 8 + 8; i++) {
      const bit = BITS[counters[i] ?? 0] ?? 0
      const known = seen[i] ?? 0
      if ((known & bit) === bit) continue
      seen[i] = known | bit
      isNew = true
    }
  }
  return isNew
}

const BITS = Uint8Array.from({ length: 256 }, (_, count) =>
  count === 0 ? 0 : 1 << [1, 2, 3, 7, 15, 31, 127, 255].findIndex((most) => count <= most),
)

/** How often an input that fails is tried with a part left out. */
const TRIES = 1500

/** The input without what it fails without in the same way. */
async function smaller(
  { take }: FuzzTarget,
  input: Buffer,
  kind: string,
  trying: (input: Uint8Array) => void,
): Promise<Buffer> {
  let best: Buffer = input
  let left = TRIES
  for (let size = Math.ceil(input.length / 2); size > 0 && left > 0; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.length && left > 0; left--) {
      const shorter = Buffer.concat([best.subarray(0, at), best.subarray(at + size)])
      trying(shorter)
      if ((await failureOf(take, shorter)) === kind) best = shorter
      else at += size
    }
  }
  return best
}

async function failureOf(take: FuzzTarget['take'], input: Buffer): Promise<string | undefined> {
  try {
    await take(input)
    return undefined
  } catch (error) {
    return kindOf(error)
  }
}

/** What is the same in two failures with one cause: the name, and where it was thrown. */
function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  const place = /\n\s+at [^\n]*?([^\s()]*:\d+:\d+)/.exec(error.stack ?? '')?.[1] ?? ''
  return `${error.name} ${place}`
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
