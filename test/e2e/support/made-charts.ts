import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'

/** Writes a chart archive with this name and version; `note` makes its bytes differ. `files` come on top. */
export async function makeChart(
  path: string,
  name: string,
  version: string,
  note = '',
  files: Readonly<Record<string, Uint8Array>> = {},
): Promise<void> {
  const archive = pack()
  archive.entry(
    { name: `${name}/Chart.yaml` },
    `apiVersion: v2\nname: ${name}\nversion: ${JSON.stringify(version)}\ndescription: ${JSON.stringify(note)}\n`,
  )
  for (const [file, bytes] of Object.entries(files)) archive.entry({ name: `${name}/${file}` }, Buffer.from(bytes))
  archive.finalize()
  const pieces: Buffer[] = []
  for await (const piece of archive as AsyncIterable<Buffer>) pieces.push(piece)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, gzipSync(Buffer.concat(pieces)))
}
