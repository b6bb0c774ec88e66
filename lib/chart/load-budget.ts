import { invalidChart } from './invalid-chart.ts'

/** Bytes. Helm loads no archive that unpacks to more (helm/helm pkg/chart/v2/loader/archive.go), so none that is larger. */
export const MAX_ARCHIVE = 100 * 1024 * 1024
/** Bytes. Helm's limit for the files of one chart, which it must stay below (helm/helm pkg/chart/loader/archive.go). */
export const MAX_CHART = 100 * 1024 * 1024
/** Bytes. Helm's limit for one file; Helm 4.3 has none any more, but older ones that read the repository do. */
export const MAX_FILE = 5 * 1024 * 1024
/** Bytes: three times Helm's limit, room for headers, for what is skipped, and for the archives of a few subcharts. */
const MAX_UNPACKED = 300 * 1024 * 1024
/** Bytes. A chart has some kilobytes of metadata; the parser needs a second or more for each megabyte. */
const MAX_METADATA = 4 * 1024 * 1024
/** Bytes of YAML that is only checked. What is beyond them is taken as it is. */
const MAX_CHECKED = 2 * 1024 * 1024

/** What reading one archive may still cost in bytes, the archives of its subcharts included. */
export interface LoadBudget {
  unpacked: number
  metadata: number
  checked: number
}

export function loadBudget(): LoadBudget {
  return { unpacked: MAX_UNPACKED, metadata: MAX_METADATA, checked: MAX_CHECKED }
}

/** @throws HelmS3Error `invalid-chart` when so many bytes more are too many */
export function spendUnpacked(budget: LoadBudget, bytes: number): void {
  budget.unpacked -= bytes
  if (budget.unpacked < 0) {
    throw invalidChart('it unpacks to more than any chart does', 'leave large files out of the chart with .helmignore')
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
