import { readFile, writeFile } from 'node:fs/promises'

/** Replaces the first match in a text file, which has one. */
export async function replaceInFile(path: string, pattern: RegExp, replacement: string): Promise<void> {
  const text = await readFile(path, 'utf8')
  if (!pattern.test(text)) throw new Error(`${path} holds nothing like ${String(pattern)}`)
  await writeFile(
    path,
    text.replace(pattern, () => replacement),
  )
}
