import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'

/** A chart archive on disk. */
export interface MadeChart {
  readonly name: string
  readonly version: string
  readonly path: string
  /** SHA-256 in hex. */
  readonly digest: string
}

/** Makes the archive of a small chart, about 1 KB, as `helm package` lays it out; always the same bytes. */
export async function makeChart(folder: string, name: string, version: string): Promise<MadeChart> {
  const tar = pack()
  const mtime = new Date(Date.UTC(2026, 0, 1))
  const yaml =
    `apiVersion: v2\nappVersion: "1.0"\ndescription: Deploys ${name} with its database, cache and ` +
    `dashboards\nname: ${name}\nversion: ${version}\n`
  tar.entry({ name: `${name}/Chart.yaml`, mtime }, yaml)
  tar.entry({ name: `${name}/values.yaml`, mtime }, 'replicas: 1\nimage:\n  tag: latest\n')
  tar.entry(
    { name: `${name}/templates/map.yaml`, mtime },
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`,
  )
  tar.finalize()
  const pieces: Buffer[] = []
  for await (const piece of tar as AsyncIterable<Buffer>) pieces.push(piece)
  const bytes = gzipSync(Buffer.concat(pieces))
  const path = join(folder, `${name}-${version}.tgz`)
  await mkdir(folder, { recursive: true })
  await writeFile(path, bytes)
  return { name, version, path, digest: createHash('sha256').update(bytes).digest('hex') }
}

/** Makes so many charts `<stem>-<n>` of version 1.0.0. */
export async function makeCharts(folder: string, stem: string, count: number): Promise<MadeChart[]> {
  const charts: MadeChart[] = []
  for (let i = 0; i < count; i++) charts.push(await makeChart(folder, `${stem}-${String(i).padStart(5, '0')}`, '1.0.0'))
  return charts
}
