import { stat } from 'node:fs/promises'
import { sep } from 'node:path'
import { HelmS3Error } from '../../../errors.ts'

/** Where a chart comes from. */
export interface ChartSource {
  readonly kind: 'archive' | 'folder' | 'bucket' | 'stdin'
  /** As typed, or as a pattern has found it. */
  readonly path: string
}

/** The argument that means standard input. */
export const STDIN = '-'

/**
 * The sources that the arguments of `push` name, in their order; those that a pattern matches are sorted by name. An
 * argument that is the name of an existing file is never read as a pattern.
 * @throws HelmS3Error `local-file` for a pattern that matches nothing
 */
export async function expandPaths(paths: readonly string[]): Promise<readonly ChartSource[]> {
  const sources: ChartSource[] = []
  for (const path of paths) sources.push(...(await expandPath(path)))
  return sources
}

async function expandPath(path: string): Promise<readonly ChartSource[]> {
  if (path === STDIN) return [{ kind: 'stdin', path }]
  if (/^s3:\/\//i.test(path)) return [{ kind: 'bucket', path }]
  const literal = await lookAt(path)
  if (literal !== undefined) return [literal]
  const { glob, isDynamicPattern } = await import('tinyglobby')
  const pattern = asPattern(path)
  if (!isDynamicPattern(pattern)) return [{ kind: 'archive', path }]
  const found = await glob(pattern, { onlyFiles: false, expandDirectories: false })
  // Provenance files go along with their archives.
  const charts = found
    .filter((each) => !each.endsWith('.prov'))
    .map((each) => each.replace(/(?<=.)\/$/, ''))
    .sort()
  if (charts.length === 0) {
    throw new HelmS3Error('local-file', `no file matches ${path}`, {
      hint: 'the shell left the pattern as it is, and this program found no match either',
    })
  }
  const sources = await Promise.all(charts.map(lookAt))
  return sources.filter((source) => source !== undefined)
}

/**
 * An argument as the pattern that is meant. Where `\` separates folders it is no escape, as it is in patterns: in
 * `charts\*.tgz` the star is one. cmd.exe and PowerShell leave patterns to the program.
 * @param separator `sep` of node:path
 */
export function asPattern(path: string, separator: string = sep): string {
  return separator === '\\' ? path.replaceAll('\\', '/') : path
}

/** Undefined: nothing is there, or it cannot be accessed; reading it gives the error. */
async function lookAt(path: string): Promise<ChartSource | undefined> {
  try {
    return { kind: (await stat(path)).isDirectory() ? 'folder' : 'archive', path }
  } catch {
    return undefined
  }
}
