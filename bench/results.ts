import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { GrowthResult } from './growth/growth.ts'
import { type Machine, machineSlug } from './machine.ts'
import type { LineResult } from './result.ts'
import { ROOT } from './programs.ts'

/** All that is kept of the measurements on one machine. */
export interface Results extends Machine {
  readonly lines: readonly LineResult[]
  readonly growth: readonly GrowthResult[]
}

const FOLDER = join(ROOT, 'bench', 'results')

/** Where the results of this machine are kept: one file a day. */
export function resultFile(machine: Machine, now: Date): string {
  return join(FOLDER, `${now.toISOString().slice(0, 10)}-${machineSlug(machine)}.json`)
}

/** The results file that was written last, by the date in its name. @throws when there is none */
export function newestResultFile(): string {
  const last = existsSync(FOLDER)
    ? readdirSync(FOLDER)
        .filter((name) => name.endsWith('.json'))
        .sort()
        .at(-1)
    : undefined
  if (last === undefined) throw new Error(`there are no results in ${FOLDER}`)
  return join(FOLDER, last)
}

/** What is in a results file; undefined when there is none yet. */
export function loadResults(file: string): Results | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : undefined
}

export function saveResults(file: string, results: Results): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(results, null, 1)}\n`)
}

/** The list with one result in place of the older one of its name, in the order of the names. */
export function withResult<T extends { readonly name: string }>(
  results: readonly T[],
  result: T,
  order: readonly string[],
): T[] {
  const others = results.filter(({ name }) => name !== result.name)
  return [...others, result].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
}
