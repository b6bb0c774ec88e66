import { isAcknowledged, isMutation } from './history.ts'
import type { Verdict } from './judge.ts'
import { MACHINES } from './plan.ts'
import type { Round } from './records.ts'

/** Which faults could be had. */
export interface Had {
  readonly clocks: boolean
  readonly fullDisk: boolean
  readonly outages: boolean
}

/** What a run has done and found, added up. */
export class Summary {
  rounds = 0
  operations = 0
  readers = 0
  acknowledged = 0
  refused = 0
  unknown = 0
  kills = 0
  impatient = 0
  searches = 0
  readonly #faults = new Map<string, number>()
  readonly #residues = new Map<string, number>()
  readonly #remarks = new Map<string, number>()

  add({ end, head, operations }: Round, { remarks, residues, searches }: Verdict, had: Had): void {
    this.rounds++
    this.searches += searches.length
    for (const operation of operations) {
      const { killed, kind, met, planned } = operation
      if (kind === 'read' || kind === 'pull') this.readers++
      else this.operations++
      if (isMutation(operation)) {
        if (isAcknowledged(operation)) this.acknowledged++
        else if (operation.status === 1) this.refused++
        else this.unknown++
      }
      if (killed !== '') this.kills++
      if (killed === 'patience') this.impatient++
      for (const each of met) count(this.#faults, each.replace(/: .*/, ''))
      if (planned.clock !== 0 && had.clocks) count(this.#faults, 'wrong clock')
      if (planned.machine === MACHINES && had.fullDisk) count(this.#faults, 'full disk')
    }
    if (head.plan.outage !== undefined && had.outages) count(this.#faults, 'store killed')
    if (end.gap !== undefined) count(this.#faults, `index.yaml ${head.plan.damage?.what ?? ''}`)
    for (const each of residues) count(this.#residues, each)
    for (const each of remarks) count(this.#remarks, each)
  }

  /** @param seconds since the first round began */
  text(seconds: number, skipped: readonly string[], porcupine: string): string {
    const perMinute = ((this.kills / seconds) * 60).toFixed(0)
    const lines = [
      `${String(this.rounds)} rounds, ${String(this.operations)} operations, ${String(this.readers)} readers, ` +
        `${String(this.kills)} kills (${perMinute} a minute), ${seconds.toFixed(0)} s`,
      `of the changes ${String(this.acknowledged)} acknowledged, ${String(this.refused)} refused, ` +
        `${String(this.unknown)} unknown; ${String(this.impatient)} killed because they waited`,
      ...listed('faults', this.#faults),
      ...listed('residues, which the decision records name', this.#residues),
      ...listed('left behind, as the documents say', this.#remarks),
      `searches for an order: ${String(this.searches)}; porcupine: ${porcupine}`,
      ...skipped.map((what) => `skipped: ${what}`),
    ]
    return lines.map((line) => `${line}\n`).join('')
  }
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1)
}

function listed(title: string, counts: ReadonlyMap<string, number>): readonly string[] {
  if (counts.size === 0) return []
  const sorted = [...counts].sort(([a], [b]) => (a < b ? -1 : 1))
  return [`${title}: ${sorted.map(([what, number]) => `${what} ${String(number)}`).join(', ')}`]
}
