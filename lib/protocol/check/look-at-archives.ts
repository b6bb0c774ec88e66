import pLimit from 'p-limit'
import {
  type KnownContent,
  type SeenRepository,
  doubtfulArchives,
  promisedDigests,
  staleProvenances,
} from '../../core/check/check-archives.ts'
import { type Key, asKey, provenanceKey } from '../../core/keys.ts'
import { hasCode } from '../../errors.ts'
import { type ObjectInfo, listAll } from '../../store/object-store.ts'
import { askAgain, unlessDenied } from '../read/ask-again.ts'
import { headArchive } from '../archives/head-archive.ts'
import { inspectArchive } from '../archives/inspect-archive.ts'
import { foreignProvenance } from '../archives/judge-orphans.ts'
import { LARGE_ARCHIVE, LARGE_AT_ONCE } from '../session/limits.ts'
import { seenArchive } from '../archives/list-archives.ts'
import { openReadable } from '../archives/open-archive.ts'
import type { Session } from '../session/session.ts'

export interface LookOptions {
  /** Read the bytes of every archive. */
  readonly deep: boolean
  /** How many archives are opened at the same time. */
  readonly concurrency: number
}

/** What the archives hold, as far as they were opened or asked for their metadata. */
export interface ArchiveContents {
  readonly contents: ReadonlyMap<Key, KnownContent>
  /** The archives that may not be read, in key order. */
  readonly denied: readonly Key[]
  /** Whether none of the archives may be read; undefined when none was tried. */
  readonly isDenied: boolean | undefined
}

/** The archives and provenance files directly below the prefix, in key order. Cost: one LIST for each 1000 objects. */
export async function listRepository({ location, store }: Session): Promise<ReadonlyMap<Key, ObjectInfo>> {
  const { objects } = await listAll(store, location.prefix, { delimiter: '/' })
  return new Map(objects.filter(({ key }) => /\.tgz(?:\.prov)?$/.test(key)).map((object) => [object.key, object]))
}

/**
 * Finds out what archives are. With `deep` this is done for all of them; else for those that were written after their
 * entry, because the entry may be out of date, and for those that no entry names. An archive that is not what its entry
 * promises is opened, because only a chart may replace the entry.
 *
 * Cost: with `deep` a GET for each archive and provenance file; else a HEAD for each of these archives and for one
 * other, and a GET for each file that no entry names and that carries no metadata or is a provenance file without an
 * archive. One more HEAD, and perhaps a GET, for each archive that is not what its entry promises.
 */
export async function lookAtArchives(
  session: Session,
  {
    entries,
    inFolders,
    location,
    named,
    objects,
  }: Pick<SeenRepository, 'entries' | 'inFolders' | 'location' | 'named'> & {
    readonly objects: ReadonlyMap<Key, ObjectInfo>
  },
  options: LookOptions,
): Promise<ArchiveContents> {
  const archives = [...objects.keys()].filter((key) => key.endsWith('.tgz'))
  const doubtful = doubtfulArchives({ entries, inFolders, location, objects })
  const promised = promisedDigests({ entries, inFolders, location })
  const unlisted = new Set(archives.filter((key) => !named.has(key)))
  const keys = options.deep ? archives : [...new Set([...archives.slice(0, 1), ...doubtful, ...unlisted])]
  const progress = session.track(options.deep ? 'Reading archives' : 'Asking for digests', keys.length)
  const limit = pLimit(options.concurrency)
  const limitLarge = pLimit(Math.min(LARGE_AT_ONCE, options.concurrency))
  const contents = new Map<Key, KnownContent>()
  const denied: Key[] = []
  const lookAtProvenance = async (key: Key): Promise<void> => {
    const reason = await unlessDenied(session, () => foreignProvenance(session, asKey(key.slice(0, -'.prov'.length))))
    if (reason !== undefined) contents.set(key, { outcome: 'unreadable', reason })
  }
  const stale = staleProvenances({ entries, location, named, objects })
  await Promise.all(stale.map((key) => limit(() => lookAtProvenance(key))))
  const look = async (key: Key): Promise<void> => {
    const asked = await lookAt(session, key, objects, options.deep ? 'read' : unlisted.has(key) ? 'open' : 'ask')
    const isOther =
      typeof asked === 'object' && asked.outcome === 'digest' && promised.get(key)?.has(asked.digest) === false
    const content = isOther ? ((await lookAt(session, key, objects, 'open')) ?? asked) : asked
    if (content === 'denied') denied.push(key)
    else if (content !== undefined) contents.set(key, content)
    progress.advance()
  }
  try {
    await Promise.all(
      keys.map((key) =>
        ((objects.get(key)?.size ?? 0) > LARGE_ARCHIVE && options.deep ? limitLarge : limit)(() => look(key)),
      ),
    )
  } finally {
    progress.end()
  }
  return { contents, denied: denied.sort(), isDenied: keys.length === 0 ? undefined : denied.length === keys.length }
}

/** What a reindex would find in it. */
async function openAsReindex(session: Session, object: ObjectInfo): Promise<KnownContent | undefined> {
  const opened = await openReadable(session, seenArchive(object), { full: false })
  if (opened.outcome === 'changed') return undefined
  if (opened.outcome === 'unusable') return { outcome: 'unreadable', reason: opened.reason }
  const { digest, metadata } = opened.content
  return { outcome: 'chart', digest, name: metadata.name, version: metadata.version, provenance: undefined }
}

async function lookAt(
  session: Session,
  key: Key,
  objects: ReadonlyMap<Key, ObjectInfo>,
  way: 'read' | 'open' | 'ask',
): Promise<KnownContent | 'denied' | undefined> {
  const inspected = { key, size: objects.get(key)?.size ?? 0, hasProvenance: objects.has(provenanceKey(key)) }
  try {
    if (way === 'read') return await askAgain(session, () => inspectArchive(session, inspected))
    const object = objects.get(key)
    if (way === 'open' && object !== undefined) return await openAsReindex(session, object)
    const head = await askAgain(session, () => headArchive(session, key))
    return head && { outcome: 'digest', digest: head.digest }
  } catch (error) {
    if (hasCode(error, 'denied')) return 'denied'
    throw error
  }
}
