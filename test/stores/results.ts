import { existsSync, readFileSync } from 'node:fs'
import type { ContractReport } from './contract-run.ts'
import { type DerivedLevel, type StoreLevel, deriveLevel, isRare, possibleLevels } from './level.ts'
import type { LifeSummary } from './life-run.ts'
import { type Behaviour, BEHAVIOURS, type ProbeRecord, type RawProbe } from './probe/behaviours.ts'
import type { ProductReport } from './product-run.ts'
import type { KnownContract } from './servers/store-under-test.ts'

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
  const known = Object.fromEntries(rare.map((name) => [name, 'several winners, in few rounds']))
  return deriveLevel({ ...probe, words: { ...probe.words, ...known } })
}

/** What is known to come out differently from run to run. */
export interface Unsteady {
  readonly rare?: readonly Behaviour[]
  readonly contract?: KnownContract
}

/** What differs from the results of another time, but for what differs from run to run; one line each. */
export function differences(before: StoreResult | undefined, now: StoreResult, unsteady: Unsteady = {}): string[] {
  if (before === undefined) return ['there is no result of another time']
  const { contract = {}, rare = [] } = unsteady
  const changed = (what: string, old: string, fresh: string): string[] =>
    old === fresh ? [] : [`${what}: ${old} -> ${fresh}`]
  const isSteady = (name: Behaviour): boolean => !rare.includes(name) && !wasRare(name, before.probe)
  const possible = possibleLevels(before.probe, rare)
  const steadyTitles = ({ contract: { fails } }: StoreResult): string =>
    list(fails.filter((title) => !(contract.mayFail ?? []).includes(title)))
  return [
    ...changed('version', before.version, now.version),
    ...(possible.has(now.level) ? [] : changed('level', before.level, now.level)),
    ...Object.keys(BEHAVIOURS)
      .map((name) => name as Behaviour)
      .filter(isSteady)
      .flatMap((name) => changed(name, before.probe.words[name], now.probe.words[name])),
    ...changed('contract, what fails', steadyTitles(before), steadyTitles(now)),
    ...(possible.size > 1 ? [] : changed('check --probe', list(before.product.findings), list(now.product.findings))),
    ...lifeDifferences(before.life, now.life),
  ]
}

function lifeDifferences(before: LifeSummary | undefined, now: LifeSummary | undefined): string[] {
  if (before === undefined && now === undefined) return []
  if (before === undefined || now === undefined)
    return [`life: ${before === undefined ? 'it is new' : 'it was not lived'}`]
  const more = (what: 'differs' | 'fails'): string[] => [
    ...now[what].filter((step) => !before[what].includes(step)).map((step) => `life, ${what} now: ${step}`),
    ...before[what].filter((step) => !now[what].includes(step)).map((step) => `life, ${what} no longer: ${step}`),
  ]
  return [...more('fails'), ...more('differs')]
}

/** Whether a race was lost, but in few rounds. */
function wasRare(name: Behaviour, { races }: ProbeRecord): boolean {
  const [, race] = /^(create|swap|remove)-race$/.exec(name) ?? []
  return race !== undefined && isRare(races[race as keyof typeof races])
}

function list(texts: readonly string[]): string {
  return texts.length === 0 ? 'nothing' : texts.join('; ')
}

/** What must not be in a result: where the program disagrees, and a life that fails on a store that is not unsafe. */
export function faults(result: StoreResult, rare: readonly Behaviour[] = []): string[] {
  const { level, life, probe, product } = result
  const possible = possibleLevels(probe, rare)
  return [
    ...([...possible].some((each) => each === product.level)
      ? []
      : [
          `check --probe says "${product.level}" (${list(product.findings)}), and it is "${level}" (${list(result.why)})`,
        ]),
    ...(level === 'unsafe' ? [] : (life?.fails ?? []).map((step) => `the life fails: ${step}`)),
  ]
}
