import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ArchiveFile } from '../../../chart/archive-files.ts'
import { HelmS3Error, hasCode } from '../../../errors.ts'
import { cannotPush } from './chart-bytes.ts'

const MOST_NAMED = 3

/**
 * Packages a folder. If that fails because a file is missing, the error explains what is wrong with this folder.
 * @param files what `.helmignore` leaves of the folder
 * @throws HelmS3Error `invalid-chart`
 */
export async function explainFolder(
  folder: string,
  files: readonly ArchiveFile[],
  make: () => Promise<Uint8Array>,
): Promise<Uint8Array> {
  if (!files.some(({ path }) => path === 'Chart.yaml'))
    throw cannotPush(folder, 'Chart.yaml file is missing', await whyNoChart(folder))
  try {
    return await make()
  } catch (error) {
    const isHidden =
      hasCode(error, 'invalid-chart') &&
      error.message.includes('missing in charts/') &&
      !files.some(({ path }) => path.startsWith('charts/')) &&
      (await hidesCharts(folder))
    if (!isHidden) throw error
    throw new HelmS3Error(error.code, error.message, {
      hint: `${join(folder, '.helmignore')} excludes charts/ from the package: remove that rule`,
      cause: error,
    })
  }
}

/** Whether there is a chart in `charts/` that the package is to leave out, and a file that says so. */
async function hidesCharts(folder: string): Promise<boolean> {
  if (!(await exists(join(folder, '.helmignore')))) return false
  const charts = join(folder, 'charts')
  const names = await readdir(charts).catch((): string[] => [])
  const isChart = async (name: string): Promise<boolean> =>
    /\.tgz$/i.test(name) || exists(join(charts, name, 'Chart.yaml'))
  const found = await Promise.all(names.map(isChart))
  return found.includes(true)
}

async function whyNoChart(folder: string): Promise<string> {
  if (await exists(join(folder, 'Chart.yaml')))
    return `${join(folder, '.helmignore')} excludes Chart.yaml from the package: remove that rule`
  const below = (await readdir(folder, { withFileTypes: true }))
    .filter((each) => each.isDirectory())
    .map(({ name }) => join(folder, name))
    .sort()
  const charts: string[] = []
  for (const each of below) if (await exists(join(each, 'Chart.yaml'))) charts.push(each)
  if (charts.length > 0)
    return (
      `there are charts below it: ` +
      `${charts.slice(0, MOST_NAMED).join(', ')}${
        charts.length > MOST_NAMED ? ` and ` + `${String(charts.length - MOST_NAMED)} more` : ''
      }`
    )
  const what = /\.tgz$/i.test(folder) ? `${folder} is a folder, in spite of its name` : `${folder} is a folder`
  return `${what}: give the folder of a chart, or the .tgz that \`helm package\` has made`
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
