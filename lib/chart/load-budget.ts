import { MAX_CHECKED, MAX_FILES, MAX_METADATA, MAX_UNPACKED } from '../text/size-limits.ts'
import { invalidChart } from './invalid-chart.ts'

/** The number of bytes and files that reading one archive may still take, including the archives of its subcharts. */
export interface LoadBudget {
  unpacked: number
  files: number
  metadata: number
  checked: number
}

export function loadBudget(): LoadBudget {
  return { unpacked: MAX_UNPACKED, files: MAX_FILES, metadata: MAX_METADATA, checked: MAX_CHECKED }
}

/** Counts unpacked bytes. @throws HelmS3Error `invalid-chart` when these bytes exceed the limit */
export function spendUnpacked(budget: LoadBudget, bytes: number): void {
  budget.unpacked -= bytes
  if (budget.unpacked < 0) {
    throw invalidChart(
      'it unpacks to more than a chart may hold',
      'leave large files out of the chart with .helmignore',
    )
  }
}

/** Counts a file. @throws HelmS3Error `invalid-chart` when one more file exceeds the limit */
export function spendFile(budget: LoadBudget): void {
  budget.files--
  if (budget.files < 0) {
    throw invalidChart(`it holds more than ${String(MAX_FILES)} files`, 'leave files out of the chart with .helmignore')
  }
}

/** Counts bytes of Chart.yaml files. @throws HelmS3Error `invalid-chart` when these bytes exceed the limit */
export function spendMetadata(budget: LoadBudget, bytes: number): void {
  budget.metadata -= bytes
  if (budget.metadata < 0) throw invalidChart('the Chart.yaml files of its subcharts are too large in total')
}

/** Whether this many bytes of YAML may still be checked. If so, they are counted. */
export function spendChecked(budget: LoadBudget, bytes: number): boolean {
  if (bytes > budget.checked) return false
  budget.checked -= bytes
  return true
}
