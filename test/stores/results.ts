import { existsSync, readFileSync } from 'node:fs'
import type { ContractReport } from './contract-run.ts'
import { type DerivedLevel, type StoreLevel, deriveLevel, isRare, possibleLevels } from './level.ts'
import type { LifeSummary } from './life-run.ts'
import { type Behaviour, BEHAVIOURS, type ProbeRecord, type Race, type RawProbe } from './probe/behaviours.ts'
import type { ProductReport } from './product-run.ts'
import type { KnownContract, StoreUnderTest } from './servers/store-under-test.ts'

/** All that was found out about one store. */
export interface StoreResult {
  readonly title: string
  readonly version: string
  /** Of the measurement. */
  readonly date: string
  readonly level: StoreLevel
  /** Why it is no better one. */
  readonly why: readonly string[]
  readonly probe: ProbeRecord
  readonly contract: ContractReport
  /** What the program itself says. */
  readonly product: ProductReport
  /** Undefined: no life was lived. */
  readonly life?: LifeSummary
}

export type Results = Readonly<Record<string, StoreResult>>

/** What a file of results holds; nothing when there is none. */
export function loadResults(file: string): Results {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : {}
}

export function resultsText(results: Results): string {
  return `${JSON.stringify(results, null, 1)}\n`
}

/** The results with those of some stores replaced, in the order of `names`. */
export function withResults(before: Results, measured: Results, names: readonly string[]): Results {
  const all = { ...before, ...measured }
  const order = [...names, ...Object.keys(all).filter((name) => !names.includes(name))]
  return Object.fromEntries(order.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]])))
}

/** The level of a store: by what was measured, or, with races that are known from other runs, the worse one. */
export function levelFor(probe: RawProbe, rare: readonly Behaviour[]): DerivedLevel {
  const seldom = rare.filter((name) => {
    const race = raceOf(name, probe)
    return race === undefined || race.bad === 0 || isRare(race)
  })
  const known = Object.fromEntries(seldom.map((name) => [name, 'several winners, in few rounds']))
  return deriveLevel({ ...probe, words: { ...probe.words, ...known } })
}

/** What is known to come out differently from run to run. */
export interface Unsteady {
  readonly rare?: readonly Behaviour[]
  /** Codes of findings. */
  readonly rareFindings?: readonly string[]
  readonly lifeMayDiffer?: readonly string[]
  readonly contract?: KnownContract
}

/** What `check --probe` finds where a race is lost. */
const FINDING_OF: Readonly<Partial<Record<Behaviour, string>>> = {
  'create-race': 'store-create-races',
  'swap-race': 'store-swap-races',
  'remove-race': 'store-deletes-always',
}
/** Comes where all writers of a round are refused, which no store promises or excludes. */
const BY_CHANCE = 'store-without-winner'

/**
 * What differs from the results of another time, but for what differs from run to run; one line each. A race that was
 * lost in few rounds, or is known to be lost seldom, may be lost or not.
 */
export function differences(before: StoreResult | undefined, now: StoreResult, unsteady: Unsteady = {}): string[] {
  if (before === undefined) return ['there is no result of another time']
  const { contract = {}, lifeMayDiffer = [], rare = [], rareFindings = [] } = unsteady
  const changed = (what: string, old: string, fresh: string): string[] =>
    old === fresh ? [] : [`${what}: ${old} -> ${fresh}`]
  const isSteady = (name: Behaviour): boolean => !rare.includes(name) && !wasRare(name, before.probe)
  const byChance = new Set([BY_CHANCE, ...rareFindings, ...raceFindings((name) => !isSteady(name))])
  const found = ({ product: { findings } }: StoreResult): string => list(findings.filter((code) => !byChance.has(code)))
  const steadyTitles = ({ contract: { fails } }: StoreResult): string =>
    list(fails.filter((title) => !(contract.mayFail ?? []).includes(title)))
  return [
    ...changed('version', before.version, now.version),
    ...(possibleLevels(before.probe, rare).has(now.level) ? [] : changed('level', before.level, now.level)),
    ...Object.keys(BEHAVIOURS)
      .map((name) => name as Behaviour)
      .filter(isSteady)
      .flatMap((name) => changed(name, before.probe.words[name], now.probe.words[name])),
    ...changed('contract, what fails', steadyTitles(before), steadyTitles(now)),
    ...changed('check --probe', found(before), found(now)),
    ...lifeDifferences(before.life, now.life, lifeMayDiffer),
  ]
}

function lifeDifferences(
  before: LifeSummary | undefined,
  now: LifeSummary | undefined,
  mayDiffer: readonly string[],
): string[] {
  if (before === undefined && now === undefined) return []
  if (before === undefined || now === undefined)
    return [`life: ${before === undefined ? 'it is new' : 'it was not lived'}`]
  const more = (what: 'differs' | 'fails'): string[] => [
    ...now[what].filter((step) => !before[what].includes(step)).map((step) => `life, ${what} now: ${step}`),
    ...before[what].filter((step) => !now[what].includes(step)).map((step) => `life, ${what} no longer: ${step}`),
  ]
  const isSteady = (line: string): boolean => !mayDiffer.some((step) => line.endsWith(step))
  return [...more('fails'), ...more('differs').filter(isSteady)]
}

/** The findings that stand for these races. */
function raceFindings(isMeant: (race: Behaviour) => boolean): readonly string[] {
  return Object.entries(FINDING_OF).flatMap(([name, code]) => (isMeant(name as Behaviour) ? [code] : []))
}

/** Whether a race was lost, but in few rounds. */
function wasRare(name: Behaviour, probe: RawProbe): boolean {
  const race = raceOf(name, probe)
  return race !== undefined && isRare(race)
}

/** Undefined: the behaviour is none of a race. */
function raceOf(name: Behaviour, { races }: RawProbe): Race | undefined {
  const [, race] = /^(create|swap|remove)-race$/.exec(name) ?? []
  return race === undefined ? undefined : races[race as keyof typeof races]
}

function list(texts: readonly string[]): string {
  return texts.length === 0 ? 'nothing' : texts.join('; ')
}

/**
 * What must not be in a result: where the program disagrees, and steps of a life that fail on a store that is not
 * unsafe, or that are known to fail and do not.
 */
export function faults(
  { level, life, probe, product, why }: StoreResult,
  { life: known = {}, rare = [] }: Pick<StoreUnderTest, 'life' | 'rare'> = {},
): string[] {
  const possible = possibleLevels(probe, rare)
  // Where it breaks off, nothing can be done on the store, either.
  const isAgreed = (each: StoreLevel): boolean =>
    each === product.level || (each === 'unsafe' && product.level === 'fails')
  return [
    ...([...possible].some(isAgreed)
      ? []
      : [`check --probe says "${product.level}" (${list(product.findings)}), and it is "${level}" (${list(why)})`]),
    ...(level === 'unsafe' ? [] : lifeFaults(life, known)),
  ]
}

function lifeFaults(life: LifeSummary | undefined, known: Readonly<Record<string, string>>): readonly string[] {
  if (life === undefined) return []
  return [
    ...life.fails.filter((step) => known[step] === undefined).map((step) => `the life fails: ${step}`),
    ...Object.keys(known)
      .filter((step) => !life.fails.includes(step))
      .map((step) => `a step of the life no longer fails: ${step}`),
  ]
}
