import { readChartArchive } from '../../chart/chart-archive.ts'
import { MAX_ARCHIVE, MAX_PROVENANCE } from '../../text/size-limits.ts'
import type { KnownContent } from '../../core/check/check-archives.ts'
import { type Key, provenanceKey } from '../../core/keys.ts'
import { hasCode } from '../../errors.ts'
import { sha256 } from '../../sys/sha256.ts'
import type { Session } from '../session/session.ts'

/**
 * Reads an archive as Helm does, and its provenance file if there is one. Undefined when the archive is gone.
 * @param size of the archive, in bytes
 * Cost: one GET of the archive, one of the provenance file.
 */
export async function inspectArchive(
  { store }: Session,
  { hasProvenance, key, size }: { readonly key: Key; readonly size: number; readonly hasProvenance: boolean },
): Promise<KnownContent | undefined> {
  if (size > MAX_ARCHIVE)
    return { outcome: 'unreadable', reason: 'it is larger than any chart that Helm loads (100 MiB)' }
  const [object, provenance] = await Promise.all([
    store.get(key, { most: MAX_ARCHIVE }),
    hasProvenance ? store.get(provenanceKey(key), { most: MAX_PROVENANCE }) : undefined,
  ])
  if (object === undefined) return undefined
  try {
    const { name, version } = (await readChartArchive(object.body)).metadata
    const text = provenance && Buffer.from(provenance.body).toString()
    return { outcome: 'chart', digest: sha256(object.body), name, version, provenance: text }
  } catch (error) {
    if (!hasCode(error, 'invalid-chart')) throw error
    return { outcome: 'unreadable', reason: error.message }
  }
}
