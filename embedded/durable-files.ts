import { type FileHandle, open } from 'node:fs/promises'

/** The folder in which files are written before they are renamed. No bucket can have this name. */
export const UNFINISHED = '.unfinished'

/** Writes a new file of these parts, and waits until it is on the disk. */
export async function writeDurably(path: string, parts: readonly Uint8Array[]): Promise<void> {
  await withFile(path, 'wx', async (file) => {
    for (const part of parts) await file.writeFile(part)
    await file.sync()
  })
}

/** Makes renames and removals in a folder durable. Windows does so by itself, and cannot open folders. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform !== 'win32') await withFile(path, 'r', (folder) => folder.sync())
}

export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}

async function withFile(path: string, flags: string, work: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, flags)
  try {
    await work(file)
  } finally {
    await file.close()
  }
}
