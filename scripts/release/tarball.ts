import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { type Pack, pack } from 'tar-stream'

export interface TarFile {
  /** With slashes, relative. */
  readonly path: string
  readonly content: Uint8Array
  readonly isExecutable: boolean
}

/**
 * Writes a gzipped tar archive. The same files give the same bytes: their order is that of the paths but for the first
 * file, owners are none, and all times are `time`. Each folder has an entry before its files, which Helm 3 needs.
 */
export async function writeTarball(target: string, [first, ...others]: readonly TarFile[], time: Date): Promise<void> {
  const archive = pack()
  const written = pipeline(archive, createGzip(), createWriteStream(target))
  const folders = new Set<string>()
  const sorted = others.sort((a, b) => (a.path < b.path ? -1 : 1))
  for (const file of first === undefined ? [] : [first, ...sorted]) {
    for (const folder of foldersOf(file.path)) {
      if (folders.has(folder)) continue
      folders.add(folder)
      await addEntry(archive, { name: `${folder}/`, type: 'directory', mode: 0o755, mtime: time })
    }
    await addEntry(archive, { name: file.path, mode: file.isExecutable ? 0o755 : 0o644, mtime: time }, file.content)
  }
  archive.finalize()
  await written
}

/** SHA-256 of a file, in hex. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

function foldersOf(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'))
}

function addEntry(archive: Pack, header: Parameters<Pack['entry']>[0], content?: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    archive.entry(header, Buffer.from(content ?? []), (error) => {
      if (error == null) resolve()
      else reject(error)
    })
  })
}
