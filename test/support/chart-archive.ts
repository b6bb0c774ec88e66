import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'

/** The .tgz of a chart as `helm package` lays it out; `files` come on top of Chart.yaml. */
export async function chartArchive(
  name: string,
  version: string,
  files: Readonly<Record<string, string>> = { 'values.yaml': 'replicas: 1\n' },
): Promise<Uint8Array> {
  const tar = pack()
  const date = new Date('2026-01-01T00:00:00Z')
  const all = { 'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: ${version}\ndescription: A chart\n`, ...files }
  for (const [path, text] of Object.entries(all)) tar.entry({ name: `${name}/${path}`, mtime: date }, text)
  tar.finalize()
  const chunks: Uint8Array[] = []
  for await (const chunk of tar) chunks.push(chunk as Uint8Array)
  return gzipSync(Buffer.concat(chunks))
}
