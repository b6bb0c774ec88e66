import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { StoredDelta } from '../core/delta.ts'
import { fold } from '../core/fold.ts'
import { readIndexText } from '../core/index/index-text.ts'
import { joinSmall } from '../core/index/pieces.ts'
import { systemCode } from '../sys/system-error.ts'
import { writeFileAtomically } from './atomic-write.ts'
import type { HelmRepository } from './repositories.ts'

/**
 * Brings a change into Helm's local copy of a repository's index, so that `helm search repo` shows it without
 * `helm repo update`, and the chart names beside it, which serve completion. A missing copy stays missing: Helm then says
 * what to do. Helm's own writes of these files take no lock either.
 * @throws HelmS3Error `local-file`, `invalid-index`
 */
export async function updateIndexCache(cacheFolder: string, { name }: HelmRepository, change: StoredDelta): Promise<void> {
  const path = join(cacheFolder, `${name}-index.yaml`)
  const bytes = await readCache(path)
  if (bytes === undefined) return
  const index = fold(readIndexText(bytes), [change])
  writeFileAtomically(path, joinSmall(index.chunks()))
  writeFileAtomically(join(cacheFolder, `${name}-charts.txt`), index.chartNames().map((chart) => `${chart}\n`).join(''))
}

async function readCache(path: string): Promise<Uint8Array | undefined> {
  try {
    return (await stat(path)).isFile() ? await readFile(path) : undefined
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}
