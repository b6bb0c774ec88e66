import { MAX_CHECKED, MAX_FILES, MAX_METADATA, MAX_UNPACKED } from '../text/size-limits.ts'
import { invalidChart } from './invalid-chart.ts'

/** What reading one archive may still cost in bytes and files, the archives of its subcharts included. */
export interface LoadBudget {
  unpacked: number
  files: number
  metadata: number
  checked: number
}

export function loadBudget(): LoadBudget {
  return { unpacked: MAX_UNPACKED, files: MAX_FILES, metadata: MAX_METADATA, checked: MAX_CHECKED }
}

/** @throws HelmS3Error `invalid-chart` when so many bytes more are too many */
export function spendUnpacked(budget: LoadBudget, bytes: number): void {
  budget.unpacked -= bytes
  if (budget.unpacked < 0) {
    throw invalidChart('it unpacks to more than any chart does', 'leave large files out of the chart with .helmignore')
  }
}

/** @throws HelmS3Error `invalid-chart` when one file more is too many */
export function spendFile(budget: LoadBudget): void {
  budget.files--
  if (budget.files < 0) {
    throw invalidChart(`it holds more than ${String(MAX_FILES)} files`, 'leave files out of the chart with .helmignore')
  }
}

/** @throws HelmS3Error `invalid-chart` when so many bytes more of Chart.yaml files are too many */
export function spendMetadata(budget: LoadBudget, bytes: number): void {
  budget.metadata -= bytes
  if (budget.metadata < 0) throw invalidChart('the Chart.yaml files of its subcharts hold more than any chart has')
}

/** Whether so many bytes of YAML may be checked; they count then. */
export function spendChecked(budget: LoadBudget, bytes: number): boolean {
  if (bytes > budget.checked) return false
  budget.checked -= bytes
  return true
}
