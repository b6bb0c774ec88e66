import { stat } from 'node:fs/promises'
import { HelmS3Error } from '../../errors.ts'

/** Where a chart comes from. */
export interface ChartSource {
  readonly kind: 'archive' | 'folder' | 'bucket' | 'stdin'
  /** As typed, or as a pattern has found it. */
  readonly path: string
}

/** What stands for standard input. */
export const STDIN = '-'

/**
 * What the words mean that `push` is given, in their order; a pattern stands for what it matches, by name. What exists under a
 * word's very name is meant by it, whatever characters it has.
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
  if (!isDynamicPattern(path)) return [{ kind: 'archive', path }]
  const found = await glob(path, { onlyFiles: false, expandDirectories: false })
  // Provenance files go along with their archives.
  const charts = found.filter((each) => !each.endsWith('.prov')).map((each) => each.replace(/(?<=.)\/$/, '')).sort()
  if (charts.length === 0) {
    throw new HelmS3Error('local-file', `no file matches ${path}`, { hint: 'the pattern is read by this program when the shell leaves it as it is' })
  }
  const sources = await Promise.all(charts.map(lookAt))
  return sources.filter((source) => source !== undefined)
}

/** Undefined: there is nothing, or it cannot be looked at; whoever reads it will say so. */
async function lookAt(path: string): Promise<ChartSource | undefined> {
  try {
    return { kind: (await stat(path)).isDirectory() ? 'folder' : 'archive', path }
  } catch {
    return undefined
  }
}
