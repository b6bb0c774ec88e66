import pLimit from 'p-limit'
import { readChartArchive } from '../../chart/chart-archive.ts'
import { readStoredMetadata } from '../../chart/stored-metadata.ts'
import type { VersionId } from '../../core/log/entry.ts'
import type { IndexText } from '../../core/index/index-text.ts'
import { MAX_ARCHIVE, MAX_PROVENANCE } from '../../text/size-limits.ts'
import { type Key, archiveFileName, provenanceKey } from '../../core/keys.ts'
import { CHART_METADATA, DELTA_METADATA, DIGEST_METADATA } from '../../core/object-metadata.ts'
import { type ForeignFile, type Orphan, possibleVersions } from '../../core/plan-orphans.ts'
import { hasCode } from '../../errors.ts'
import { CONCURRENCY } from '../session/limits.ts'
import type { Session } from '../session/session.ts'

/** What a file without an entry is. `reason`: why the file does not belong to this repository. */
type Judgement =
  | { readonly isOurs: true; readonly chart?: VersionId | undefined }
  | { readonly isOurs: false; readonly reason: string }

const OURS: Judgement = { isOurs: true }

/**
 * Tells orphans of this repository from files of others that are in the same place. An archive is an orphan when it
 * carries metadata that only a push of this program or of the Go plugin writes, or when it loads as the chart version
 * that its file name says. A provenance file without an archive is an orphan when it carries our metadata, or when it
 * is signed and names that archive. Each file is looked at once.
 *
 * Cost: a HEAD for each file; a GET for those that carry no metadata.
 */
export class OrphanJudge {
  readonly #session: Session
  readonly #known = new Map<Key, Judgement>()

  constructor(session: Session) {
    this.#session = session
  }

  /** `index`: an archive whose version has an entry in this index is not an orphan, whatever its file is called. */
  async judge(
    candidates: readonly Orphan[],
    index: IndexText,
  ): Promise<{ readonly orphans: readonly Orphan[]; readonly foreign: readonly ForeignFile[] }> {
    const limit = pLimit(CONCURRENCY)
    const judge = async (orphan: Orphan): Promise<readonly [Orphan, Judgement]> => [
      orphan,
      unlessListed(await this.#look(orphan), index),
    ]
    const judged = await Promise.all(candidates.map((orphan) => limit(() => judge(orphan))))
    return {
      orphans: judged.flatMap(([orphan, { isOurs }]) => (isOurs ? [orphan] : [])),
      foreign: judged.flatMap(([{ key, size }, judgement]) =>
        judgement.isOurs ? [] : [{ key, size, reason: judgement.reason }],
      ),
    }
  }

  async #look(orphan: Orphan): Promise<Judgement> {
    const known = this.#known.get(orphan.key) ?? (await judgeOne(this.#session, orphan))
    this.#known.set(orphan.key, known)
    return known
  }
}

function unlessListed(judgement: Judgement, index: IndexText): Judgement {
  const chart = judgement.isOurs ? judgement.chart : undefined
  if (chart === undefined || index.find(chart) === undefined) return judgement
  return { isOurs: false, reason: `it is ${chart.name} ${chart.version}, which has an entry` }
}

async function judgeOne(session: Session, { key }: Orphan): Promise<Judgement> {
  try {
    return await judgeContent(session, key)
  } catch (error) {
    if (!hasCode(error, 'invalid-chart') && !hasCode(error, 'denied')) throw error
    return { isOurs: false, reason: error.message }
  }
}

/**
 * Why the provenance file of a missing archive does not belong to this repository. Undefined when it does, or when it
 * is gone as well. Cost: a GET.
 */
export async function foreignProvenance({ location, store }: Session, archive: Key): Promise<string | undefined> {
  const file = archive.slice(location.prefix.length)
  if (possibleVersions(file).length === 0) return 'it is not called NAME-VERSION.tgz.prov'
  const provenance = await store.get(provenanceKey(archive), { most: MAX_PROVENANCE })
  if (provenance === undefined || provenance.metadata[DELTA_METADATA] !== undefined) return undefined
  const text = Buffer.from(provenance.body)
  return text.includes('BEGIN PGP SIGNED MESSAGE') && text.includes(file)
    ? undefined
    : 'it is no signature of that archive'
}

async function judgeContent(session: Session, key: Key): Promise<Judgement> {
  const { location, store } = session
  const file = key.slice(location.prefix.length)
  const head = await store.head(key)
  if (head === undefined) {
    const reason = await foreignProvenance(session, key)
    return reason === undefined ? OURS : { isOurs: false, reason }
  }
  if (head.metadata[DELTA_METADATA] !== undefined || head.metadata[DIGEST_METADATA] !== undefined) {
    return { isOurs: true, chart: readStoredMetadata(head.metadata[CHART_METADATA]) }
  }
  if (head.size > MAX_ARCHIVE) return { isOurs: false, reason: 'it is larger than any chart that Helm loads (100 MiB)' }
  const object = await store.get(key, { most: MAX_ARCHIVE })
  if (object === undefined) return OURS
  const { metadata } = await readChartArchive(object.body)
  return archiveFileName(metadata) === file
    ? OURS
    : { isOurs: false, reason: `it is ${metadata.name} ${metadata.version}` }
}
