import type { DeltaId } from '../../core/log/delta-id.ts'
import { archiveKey, provenanceKey } from '../../core/keys.ts'
import { CHART_METADATA, DELTA_METADATA, archiveMetadata } from '../../core/object-metadata.ts'
import { HelmS3Error, during } from '../../errors.ts'
import type { PutCondition, PutOutcome } from '../../store/object-store.ts'
import { sha256 } from '../../sys/sha256.ts'
import { attempts } from '../session/attempts.ts'
import type { ChartUpload } from '../archives/chart-upload.ts'
import { type ArchiveHead, deltaIn } from '../archives/head-archive.ts'
import { PROVENANCE_RETRIES } from '../session/limits.ts'
import type { Session } from '../session/session.ts'

/**
 * Writes an archive with the metadata that say what it is and who wrote it. The only place that writes archives.
 *
 * Cost: one PUT of the archive; three small requests when the store copies it by itself; another PUT when the store
 * accepts less metadata.
 */
export function putArchive(
  session: Session,
  upload: ChartUpload,
  { delta, replaced }: Pick<ArchiveHead, 'delta' | 'replaced'>,
  options: { readonly when: PutCondition; readonly contentType: string },
): Promise<PutOutcome> {
  const metadata = archiveMetadata({ metadata: upload.metadata, digest: upload.digest, delta, replaced })
  const key = archiveKey(session.location, upload)
  return during('upload chart to s3: upload chart object to s3', async () => {
    // An archive may arrive late without harm: its condition, and the delta that follows, decide whether it counts.
    const put = { ...options, metadata, inTime: () => true }
    const copied = upload.copyFrom && (await session.store.copyFrom?.(upload.copyFrom, key, put))
    if (copied !== undefined && copied.outcome !== 'unsupported') return copied
    return session.store.put(key, upload.bytes, { ...put, sha256: upload.digest, optionalMetadata: CHART_METADATA })
  })
}

/**
 * Writes the provenance file of a push beside its archive, unless a later push has written one. A push by force without
 * a provenance file removes the one that an earlier push left.
 *
 * Cost: one PUT when there is a file to write, and a HEAD as well when one is there already.
 * @throws HelmS3Error `conflict` when others keep writing it
 */
export async function putProvenance(
  session: Session,
  upload: ChartUpload,
  delta: DeltaId,
  options: { readonly removeOld: boolean },
): Promise<void> {
  const key = provenanceKey(archiveKey(session.location, upload))
  const { provenance } = upload
  if (provenance === undefined && !options.removeOld) return
  const body = provenance ?? new Uint8Array()
  const metadata = { [DELTA_METADATA]: delta }
  const put = { contentType: 'application/pgp-signature', metadata, sha256: sha256(body), inTime: () => true }
  const send = (when: PutCondition): Promise<PutOutcome> =>
    during('upload chart to s3: upload prov object to s3', () => session.store.put(key, body, { ...put, when }))
  let when: PutCondition = 'absent'
  for await (const _ of attempts(session, PROVENANCE_RETRIES)) {
    if (provenance !== undefined && (await send(when)).outcome === 'written') return
    const head = await session.store.head(key)
    const writer = head && deltaIn(head.metadata)
    if (writer !== undefined && writer > delta) return
    if (provenance === undefined) {
      if (head !== undefined) await session.store.delete(key, { match: head.etag })
      return
    }
    when = head === undefined ? 'absent' : { match: head.etag }
  }
  throw new HelmS3Error('conflict', `${key} could not be written: other pushes of this version keep changing it`, {
    hint: 'nothing was added to the index; push again',
  })
}
