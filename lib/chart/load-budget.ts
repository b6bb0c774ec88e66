import { invalidChart } from './invalid-chart.ts'

/** Bytes: three times Helm's limit, room for headers, for what is skipped, and for the archives of a few subcharts. */
const MAX_UNPACKED = 300 * 1024 * 1024
/** Bytes. A chart has some kilobytes of metadata; a parser needs a second for a few megabytes. */
const MAX_YAML = 4 * 1024 * 1024

/** What reading one archive may still cost, the archives of its subcharts included. */
export interface LoadBudget {
  /** Bytes that may still be unpacked. */
  unpacked: number
  /** Bytes of YAML that may still be parsed. */
  yaml: number
}

export function loadBudget(): LoadBudget {
  return { unpacked: MAX_UNPACKED, yaml: MAX_YAML }
}

/** @throws HelmS3Error `invalid-chart` when so many bytes more are too many */
export function spendUnpacked(budget: LoadBudget, bytes: number): void {
  budget.unpacked -= bytes
  if (budget.unpacked < 0) {
    throw invalidChart('it unpacks to more than any chart does', 'leave large files out of the chart with .helmignore')
  }
}

/** Whether so many bytes of YAML may be parsed; they count then. */
export function spendYaml(budget: LoadBudget, bytes: number): boolean {
  if (bytes > budget.yaml) return false
  budget.yaml -= bytes
  return true
}
