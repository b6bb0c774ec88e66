import { writeFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'

/** Writes the archive of a small chart. */
export async function writeChart(path: string, name: string, version: string): Promise<void> {
  const tar = pack()
  tar.entry(
    { name: `${name}/Chart.yaml` },
    `apiVersion: v2\nname: ${name}\nversion: ${version}\ndescription: A chart of the demonstration\n`,
  )
  tar.entry(
    { name: `${name}/templates/note.yaml` },
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n',
  )
  tar.finalize()
  const pieces: Buffer[] = []
  for await (const piece of tar as AsyncIterable<Buffer>) pieces.push(piece)
  await writeFile(path, gzipSync(Buffer.concat(pieces)))
}
