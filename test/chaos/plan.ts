import { SeededRandom } from '../simulation/seeded-random.ts'

// What a round will do is drawn from its seed alone: the same seed draws the same operations and the same faults. What
// the machine makes of them (who is first) is another matter.

export interface ChartVersion {
  readonly name: string
  readonly version: string
}

/** Name and version as the histories call them. */
export function textOf({ name, version }: ChartVersion): string {
  return `${name} ${version}`
}

/** All that is ever in a repository of a round. */
export const VERSIONS: readonly ChartVersion[] = [
  { name: 'app', version: '1.0.0' },
  { name: 'app', version: '1.1.0' },
  { name: 'app', version: '2.0.0-rc.1' },
  { name: 'lib', version: '1.0.0' },
  { name: 'lib', version: '1.1.0' },
  { name: 'web', version: '0.1.0' },
]

/** Each version exists with each of these contents. What `copy` brings has the last one. */
export const CONTENTS = ['A', 'B', 'C'] as const
export const COPIED = 'C'

export type Kind =
  | 'push'
  | 'push-many'
  | 'force'
  | 'ignore'
  | 'delete'
  | 'prune'
  | 'restore'
  | 'copy'
  | 'reindex'
  | 'check-fix'
  | 'compact'
  | 'empty'
  | 'read'
  | 'pull'

/** What a network does to one request; times in milliseconds. */
export type NetworkFaultKind =
  | 'drop' // it never arrives
  | 'lose' // the store acts, the answer is lost
  | 'late' // its connection breaks, and it arrives later
  | 'slow' // it arrives later, and is answered
  | 'slow-answer'
  | 'repeat' // it arrives, is answered, and arrives once more later
  | 'cut-request' // half of it arrives
  | 'cut-answer'
  | 'answer-500'
  | 'answer-503'
  | 'answer-409'

export interface NetworkFault {
  readonly kind: NetworkFaultKind
  /** The n-th request, or the n-th PUT or DELETE, from 1. */
  readonly nth: number
  readonly of: 'requests' | 'mutations'
  readonly ms: number
}

export type ProcessFault =
  | { readonly kind: 'kill-after'; readonly ms: number }
  /** `before`: the request never arrives. `passed`: it arrives. `answered`: its answer arrives, too. */
  | { readonly kind: 'kill-at'; readonly nth: number; readonly when: 'before' | 'passed' | 'answered' }
  | { readonly kind: 'stop'; readonly after: number; readonly ms: number }

export interface PlannedVersion extends ChartVersion {
  /** Empty where the operation brings none. */
  readonly content: string
}

export interface PlannedOperation {
  readonly name: string
  readonly kind: Kind
  /** Milliseconds after the round has begun. */
  readonly at: number
  readonly versions: readonly PlannedVersion[]
  readonly compacts: boolean
  /** Which of the homes of Helm; the last one has no room below its cache. */
  readonly machine: number
  /** The repository by its name in Helm's file, not by its URL. */
  readonly byName: boolean
  readonly form: 'bundle' | 'executable'
  /** Hours by which its clock is wrong. */
  readonly clock: number
  readonly helm: 3 | 4
  readonly process: ProcessFault | undefined
  readonly network: readonly NetworkFault[]
}

/**
 * What a round is about: one version that all want, or many; somebody who empties the repository, or reindexes it, or
 * damages its index.yaml.
 */
export const MIX_NAMES = ['tight', 'wide', 'emptied', 'mending', 'damaged'] as const
export type Mix = (typeof MIX_NAMES)[number]

export interface RoundPlan {
  readonly seed: number
  readonly round: number
  readonly mix: Mix
  /** What is there when the round begins, pushed and acknowledged. */
  readonly start: readonly PlannedVersion[]
  /** Whether that is in no index.yaml yet. */
  readonly isPending: boolean
  readonly operations: readonly PlannedOperation[]
  /** Somebody without the program removes index.yaml, writes no index over it, or an old one. */
  readonly damage: { readonly what: 'lost' | 'garbage' | 'old'; readonly at: number } | undefined
  /** The store is killed, and started again. */
  readonly outage: { readonly at: number; readonly ms: number } | undefined
  /** Network faults of the readers, who share one connection. */
  readonly readers: readonly NetworkFault[]
}

/**
 * `even`: nothing waits for more than some seconds. `long`: delays and stops of more than a minute. `kills`: most
 * processes are killed and next to nothing waits, so that as many as possible are killed in the time.
 */
export type Pace = 'even' | 'long' | 'kills'

/** What the pace decides. Times in milliseconds. */
interface Tempo {
  /** Of commands that change: from the first to the second number. */
  readonly mutations: readonly [least: number, most: number]
  /** Chances that a process of a round is killed or stopped; a round has one of them. */
  readonly violence: readonly number[]
  /** Chance that the store is killed. */
  readonly outage: number
  /** Chance that a command meets a faulty network, and the longest delay there. */
  readonly network: number
  readonly delay: number
  /** How long, on average, a process lives that is killed after a time; at which of its requests others are. */
  readonly life: number
  readonly requests: number
  /** How often a process is stopped, against twice that it is killed after a time; and for how long at most. */
  readonly stops: number
  readonly stop: (span: number) => number
}

const EVEN: Tempo = {
  mutations: [4, 8],
  violence: [0.1, 0.3, 0.6],
  outage: 0.08,
  network: 0.6,
  delay: 2500,
  life: 600,
  requests: 14,
  stops: 2,
  stop: (span) => 2000 + span,
}

const TEMPOS: Readonly<Record<Pace, Tempo>> = {
  even: EVEN,
  long: { ...EVEN, delay: 70_000, stop: () => 90_000 },
  kills: {
    ...EVEN,
    mutations: [8, 16],
    violence: [0.5, 0.75, 0.95],
    outage: 0,
    network: 0.1,
    delay: 300,
    life: 200,
    requests: 8,
    stops: 0,
  },
}

export interface PlanOptions {
  readonly form: 'bundle' | 'executable' | 'both'
  readonly pace: Pace
  /** Undefined: drawn. */
  readonly mix?: Mix | undefined
  /** Undefined: everything. Other programs than this one know less. */
  readonly kinds?: readonly Kind[] | undefined
}

/** The machines with room on their disk. The next number is the one without. */
export const MACHINES = 2

type Weights = Readonly<Partial<Record<Kind, number>>>

const WEIGHTS: Readonly<Record<Mix, Weights>> = {
  // One version or two, and everybody wants them.
  tight: { push: 4, force: 3, ignore: 1, delete: 3, restore: 0.7, compact: 1 },
  wide: {
    push: 3,
    'push-many': 3,
    force: 1,
    ignore: 1,
    delete: 2,
    prune: 1.5,
    copy: 1.5,
    restore: 0.5,
    compact: 1,
    pull: 0.6,
  },
  emptied: { push: 2, 'push-many': 1, empty: 3, compact: 4 },
  mending: { push: 3, force: 2, delete: 3, ignore: 0.5, reindex: 3, compact: 1 },
  damaged: { push: 4, 'push-many': 1, ignore: 1, 'check-fix': 3, reindex: 1, compact: 1 },
}

const MIXES: Readonly<Record<Mix, number>> = { tight: 4, wide: 4, emptied: 1, mending: 2, damaged: 2 }

const NETWORK: Readonly<Record<NetworkFaultKind, number>> = {
  drop: 2,
  lose: 4,
  late: 3,
  slow: 1,
  'slow-answer': 1,
  repeat: 2,
  'cut-request': 1,
  'cut-answer': 1,
  'answer-500': 1,
  'answer-503': 1,
  'answer-409': 1,
}

/**
 * Draws a round. The seed of the run and the number of the round are all that it depends on, beside the options.
 * @param round from 0
 */
export function planRound(seed: number, round: number, options: PlanOptions): RoundPlan {
  const random = new SeededRandom(seed * 1_000_003 + round)
  const drawn = options.mix ?? random.pickWeighted(MIXES)
  const mix = drawn === 'damaged' && !canDamage(options) ? 'wide' : drawn
  const versions = mix === 'tight' ? pickSome(random, VERSIONS, 1 + random.below(2)) : VERSIONS
  const drawnStart = versions.filter(() => random.chance(0.4))
  // A repository without charts that loses its index.yaml is none any more, and nothing is left to repair.
  const there = mix === 'damaged' && drawnStart.length === 0 ? VERSIONS.slice(0, 1) : drawnStart
  const start = there.map((version) => ({ ...version, content: 'A' }))
  const fresh = versions.filter((version) => !start.some((each) => textOf(each) === textOf(version)))
  const span = random.pick([50, 400, 1500])
  const tempo = TEMPOS[options.pace]
  const violence = random.pick(tempo.violence)
  const draw: Draw = { random, options, tempo, mix, span, violence, versions: mix === 'damaged' ? fresh : versions }
  const [least, most] = tempo.mutations
  const count = least + random.below(most - least + 1)
  const mutations = Array.from({ length: count }, (_, i) => drawOperation(draw, `op${String(i)}`, drawKind(draw)))
  const reads = Array.from({ length: 2 + random.below(2) }, (_, i) => drawOperation(draw, `read${String(i)}`, 'read'))
  const damage =
    mix === 'damaged' ? { what: random.pick(['lost', 'garbage', 'old'] as const), at: random.below(span) } : undefined
  const outage = random.chance(tempo.outage)
    ? { at: random.below(span + 500), ms: 100 + random.below(1500) }
    : undefined
  const readers = random.chance(0.4) ? [drawNetworkFault(draw)] : []
  // A compaction that has nothing to fold writes nothing, and crosses nobody who empties the index.
  // Other programs do not see what is pending.
  const isPending = options.kinds === undefined && (mix === 'emptied' || random.chance(0.4))
  return { seed, round, mix, start, isPending, operations: [...mutations, ...reads], damage, outage, readers }
}

/** Other programs cannot repair. */
function canDamage({ kinds }: PlanOptions): boolean {
  return kinds === undefined || kinds.includes('check-fix')
}

interface Draw {
  readonly random: SeededRandom
  readonly options: PlanOptions
  readonly tempo: Tempo
  readonly mix: Mix
  readonly span: number
  /** Chance that a process is killed or stopped. */
  readonly violence: number
  readonly versions: readonly ChartVersion[]
}

function drawKind({ mix, options: { kinds }, random, versions }: Draw): Kind {
  const weights = Object.entries(WEIGHTS[mix]).filter(
    ([kind]) => (kinds as readonly string[] | undefined)?.includes(kind) ?? true,
  )
  const kind = random.pickWeighted<Kind>(Object.fromEntries(weights))
  return versions.length === 0 && mix === 'damaged' ? 'check-fix' : kind
}

function drawOperation(draw: Draw, name: string, kind: Kind): PlannedOperation {
  const { options, random, span, tempo, violence } = draw
  const isRead = kind === 'read' || kind === 'pull'
  const hasNoRoom = random.chance(0.06)
  const machine = hasNoRoom ? MACHINES : random.below(MACHINES)
  const drawn = random.pick(['bundle', 'executable'] as const)
  return {
    name,
    kind,
    at: random.below(span),
    versions: drawVersions(draw, kind),
    compacts: random.chance(0.7),
    machine,
    byName: random.chance(0.5),
    form: options.form === 'both' ? drawn : options.form,
    clock: random.chance(0.12) ? random.pick([-11, -3, -1, 1, 2, 9]) : 0,
    helm: random.pick([3, 4] as const),
    process: random.chance(isRead ? violence / 3 : violence) ? drawProcessFault(draw, isRead) : undefined,
    network: random.chance(tempo.network)
      ? Array.from({ length: 1 + random.below(2) }, () => drawNetworkFault(draw))
      : [],
  }
}

function drawVersions({ mix, random, versions }: Draw, kind: Kind): readonly PlannedVersion[] {
  const contentFor = (): string => (kind === 'copy' ? COPIED : random.pick(['A', 'B', 'B', 'C']))
  const withContent = (version: ChartVersion): PlannedVersion => ({ ...version, content: contentFor() })
  const one = (): readonly ChartVersion[] => (versions.length === 0 ? [] : [random.pick(versions)])
  switch (kind) {
    case 'push':
    case 'force':
    case 'ignore':
    case 'copy':
      return one().map(withContent)
    case 'push-many':
      // Of a repository that somebody damages only what was not there before is pushed, once.
      return pickSome(random, versions, mix === 'damaged' ? versions.length : 2).map(withContent)
    case 'delete':
    case 'restore':
    case 'pull':
      return one().map((version) => ({ ...version, content: '' }))
    case 'prune':
    case 'reindex':
    case 'check-fix':
    case 'compact':
    case 'empty':
    case 'read':
      return []
  }
}

function drawProcessFault({ random, span, tempo }: Draw, isRead: boolean): ProcessFault {
  const { life, requests, stop, stops } = tempo
  const kind = random.pickWeighted({ 'kill-after': 2, 'kill-at': isRead ? 0 : 7, stop: stops })
  switch (kind) {
    case 'kill-after':
      return { kind, ms: 100 + Math.floor(random.exponential(life)) }
    case 'kill-at':
      return { kind, nth: 1 + random.below(requests), when: random.pick(['before', 'passed', 'answered'] as const) }
    case 'stop':
      return { kind, after: 50 + random.below(700), ms: 200 + random.below(stop(span)) }
  }
}

function drawNetworkFault({ random, tempo }: Draw): NetworkFault {
  const of = random.pick(['requests', 'mutations', 'mutations'] as const)
  const kind = random.pickWeighted(NETWORK)
  return { kind, nth: 1 + random.below(of === 'requests' ? 12 : 3), of, ms: 100 + random.below(tempo.delay) }
}

function pickSome<T>(random: SeededRandom, items: readonly T[], count: number): readonly T[] {
  const left = [...items]
  return Array.from({ length: Math.min(count, items.length) }, () => left.splice(random.below(left.length), 1)).flat()
}
