import pLimit from 'p-limit'
import { readChartArchive } from '../../chart/chart-archive.ts'
import type { Context } from '../../ui/context.ts'
import type { Entry } from '../../core/log/entry.ts'
import type { IndexText } from '../../core/index/index-text.ts'
import { newestVersions } from '../../core/newest-versions.ts'
import { HelmS3Error } from '../../errors.ts'
import { formatBytes } from '../../text/format.ts'
import type { ChartUpload } from '../../protocol/archives/chart-upload.ts'
import { CONCURRENCY } from '../../protocol/session/limits.ts'
import type { Session } from '../../protocol/session/session.ts'
import {
  type WantedVersion,
  chooseEntry,
  findEntryArchive,
  noSuchVersion,
  ofBuild,
  readEntryArchive,
  readProvenance,
  untilInAgreement,
} from '../../protocol/archives/entry-archive.ts'
import { readIndex } from '../steps/readable-index.ts'

export interface WantedCopies extends WantedVersion {
  /** Every version that satisfies `version`, instead of the newest. */
  readonly all: boolean
}

/**
 * The wanted versions of a repository, each as what is to be pushed elsewhere: all of them, or none.
 * Cost: one view; for each version one GET of the archive and one of its provenance file.
 * @throws HelmS3Error `not-found`; `corrupt-download`: other bytes than the index promises; `invalid-chart`
 */
export function gatherCopies(
  context: Context,
  session: Session,
  wanted: WantedCopies,
): Promise<readonly ChartUpload[]> {
  return untilInAgreement(session, async () => {
    const entries = chooseEntries(await readIndex(context, session, { charts: [wanted.name] }), wanted)
    const limit = pLimit(CONCURRENCY)
    const progress = session.track('Reading archives', entries.length)
    const read = async (entry: Entry): Promise<ChartUpload | HelmS3Error> => {
      const upload = await readUpload(context, session, entry)
      progress.advance()
      return upload
    }
    try {
      const results = await Promise.all(entries.map((entry) => limit(() => read(entry))))
      const uploads = results.flatMap((each) => (each instanceof HelmS3Error ? [] : [each]))
      return results.find((each) => each instanceof HelmS3Error) ?? uploads
    } finally {
      progress.end()
    }
  })
}

/** An index of another program may name a version twice: the first counts, as in Helm. */
function chooseEntries(index: IndexText, wanted: WantedCopies): readonly Entry[] {
  if (!wanted.all) return [chooseEntry(index, wanted)]
  const { devel, name, version: constraint } = wanted
  const entries = ofBuild(newestVersions(index, { name, constraint, devel, all: true }), constraint)
  if (entries.length === 0) throw noSuchVersion(index.versions(name), wanted)
  return entries.filter(({ version }, i) => entries.findIndex((each) => each.version === version) === i)
}

async function readUpload(context: Context, session: Session, entry: Entry): Promise<ChartUpload | HelmS3Error> {
  const archive = await findEntryArchive((bucket, query) => context.openStore(bucket, query), session, entry)
  const [object, provenance] = await Promise.all([readEntryArchive(archive), readProvenance(archive)])
  if (object instanceof HelmS3Error) return object
  if (provenance !== undefined && !maySign(provenance, object.digest)) return otherProvenance(entry)
  const { metadata } = await readChartArchive(object.body)
  const { name, version } = entry
  const source = `s3://${archive.bucket}/${archive.key}`
  session.detail(`helm-s3: read ${source}, ${formatBytes(object.body.length)}`)
  if (metadata.name !== name || metadata.version !== version) {
    throw new HelmS3Error(
      'invalid-chart',
      `${source} holds ${metadata.name} ${metadata.version}, not ${name} ${version}`,
      { hint: 'push the right archive' },
    )
  }
  const copyFrom = { bucket: archive.bucket, key: archive.key, etag: object.etag }
  return { name, version, digest: object.digest, bytes: object.body, provenance, metadata, source, copyFrom }
}

/** Helm's provenance files name the digest of their archive. A file without any digest is not judged here. */
function maySign(provenance: Uint8Array, digest: string): boolean {
  const text = Buffer.from(provenance)
  return !text.includes('sha256:') || text.includes(`sha256:${digest}`)
}

function otherProvenance({ name, version }: Entry): HelmS3Error {
  return new HelmS3Error('corrupt-download', `the provenance file of ${name} ${version} belongs to another archive`, {
    hint: 'push the archive with its own provenance file and --force',
  })
}
