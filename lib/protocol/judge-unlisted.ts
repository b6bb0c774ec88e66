import pLimit from 'p-limit'
import { type Finding, finding } from '../core/check/finding.ts'
import type { FindingCode } from '../core/check/finding-kinds.ts'
import { type Entry, versionKey } from '../core/entry.ts'
import { type Key, type RepositoryLocation, asKey, ownArchiveKey } from '../core/keys.ts'
import { namedByEntries, possibleVersions } from '../core/plan-orphans.ts'
import type { ObjectInfo } from '../store/object-store.ts'
import { OrphanJudge } from './judge-orphans.ts'
import { CONCURRENCY } from './limits.ts'
import { seenArchive } from './list-archives.ts'
import { openArchive } from './open-archive.ts'
import type { Session } from './session.ts'

/** What may be judged to be none of this repository. */
export const UNLISTED: readonly FindingCode[] = ['archive-unlisted', 'provenance-stale']

/** What is known of a repository whose unlisted archives are judged. */
export interface Surroundings {
  readonly location: RepositoryLocation
  readonly entries: readonly Entry[]
  readonly objects: ReadonlyMap<Key, ObjectInfo>
}

/**
 * The findings, with another code for archives without an entry that neither a reindex adds nor a prune of orphans removes, and for
 * provenance files without an archive that no prune removes: whoever followed the advice for the others would be told the same the
 * next time.
 * Cost: up to two HEADs and two GETs for each of them; one HEAD where a push has written it.
 */
export async function judgeUnlisted(session: Session, seen: Surroundings, findings: readonly Finding[]): Promise<readonly Finding[]> {
  const taken = new Set(seen.entries.map(versionKey))
  const named = namedByEntries(seen.location, seen.entries)
  const judge = new OrphanJudge(session)
  const limit = pLimit(CONCURRENCY)
  /** Else a reindex lets it mean this one. */
  const meansAnother = ({ urls = [] }: Entry): boolean => {
    const own = urls[0] === undefined ? undefined : ownArchiveKey(seen.location, urls[0])
    return urls.length > 0 && (own === undefined || seen.objects.has(own))
  }
  const reasonFor = async (key: Key): Promise<string | undefined> => {
    const object = seen.objects.get(key)
    if (object === undefined) return undefined
    const archive = archiveOf(key)
    const versions = possibleVersions(archive.slice(seen.location.prefix.length))
    const isFree = versions.length > 0 && versions.every((version) => !taken.has(versionKey(version))) && !named.has(archive)
    const { foreign, orphans } = await judge.judge(isFree ? [{ key: archive, versions, size: object.size }] : [])
    if (orphans.length > 0) return undefined
    if (archive !== key) return foreign[0]?.reason ?? 'an entry means its archive, which is not there'
    const opened = await openArchive(session, seenArchive(object), { full: false })
    if (opened.outcome === 'unusable') return opened.reason
    if (opened.outcome === 'changed') return undefined
    const { name, version } = opened.content.metadata
    const others = seen.entries.filter((entry) => entry.name === name && entry.version === version)
    return others.some(meansAnother) ? `it is ${name} ${version}, whose entry means another archive` : undefined
  }
  const judged = async (each: Finding): Promise<Finding> => {
    const { code, key, name, version } = each
    if (!UNLISTED.includes(code) || key === undefined) return each
    const reason = await reasonFor(key as Key)
    return reason === undefined ? each : finding('archive-foreign', `${key}: ${reason}`, { key, name, version })
  }
  return Promise.all(findings.map((each) => limit(() => judged(each))))
}

/** The key of an archive, of which this is the key, or that of its provenance file. */
function archiveOf(key: Key): Key {
  return asKey(key.replace(/\.prov$/, ''))
}
