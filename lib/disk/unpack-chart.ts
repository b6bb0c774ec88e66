import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { stillInTime } from '../sys/busy.ts'
import { unpackChartArchive } from '../chart/chart-archive.ts'
import { HelmS3Error } from '../errors.ts'
import { replaceAtomically } from './atomic-write.ts'

/**
 * Unpacks a chart into a folder with its name in `destination`, and returns the path of that folder, which appears only
 * when it is complete. It refuses to unpack over something that exists, and gives every file the same permissions, as
 * Helm does (helm/helm pkg/action/pull.go, pkg/chart/v2/util/expand.go).
 * @throws HelmS3Error `invalid-chart`, `local-file`
 */
export async function unpackChart(archive: Uint8Array, destination: string): Promise<string> {
  const { name, files } = await unpackChartArchive(archive)
  const folder = join(destination, name)
  if (existsSync(folder)) {
    throw new HelmS3Error('local-file', `failed to untar: a file or directory with the name ${folder} already exists`, {
      hint: 'remove it, or choose another folder with --destination',
    })
  }
  replaceAtomically(folder, (draft) => {
    for (const { path, bytes } of files) {
      stillInTime()
      mkdirSync(dirname(join(draft, path)), { recursive: true })
      writeFileSync(join(draft, path), bytes, { mode: 0o644 })
    }
  })
  return folder
}
