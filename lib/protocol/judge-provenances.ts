import { type Finding, finding } from '../core/check/finding.ts'
import { type Entry, versionKey } from '../core/entry.ts'
import { emptyIndexText } from '../core/index/index-text.ts'
import { type Key, type RepositoryLocation, asKey } from '../core/keys.ts'
import { type NamedArchives, possibleVersions } from '../core/plan-orphans.ts'
import type { ObjectInfo } from '../store/object-store.ts'
import { OrphanJudge } from './judge-orphans.ts'
import type { Session } from './session.ts'

const NO_INDEX = emptyIndexText('json')

/** What is known of a repository with provenance files that have no archive. */
export interface Surroundings {
  readonly location: RepositoryLocation
  readonly named: NamedArchives
  readonly entries: readonly Entry[]
  readonly objects: ReadonlyMap<Key, ObjectInfo>
}

/**
 * The findings, with another code for provenance files without an archive that no prune of orphans removes: whoever followed the advice
 * for the others would be told the same the next time.
 * Cost: a HEAD and a GET for each.
 */
export async function judgeProvenances(session: Session, { entries, location, named, objects }: Surroundings, findings: readonly Finding[]): Promise<readonly Finding[]> {
  const taken = new Set(entries.map(versionKey))
  const judge = new OrphanJudge(session)
  const judged = async (each: Finding): Promise<Finding> => {
    const { code, key } = each
    if (code !== 'provenance-stale' || key === undefined) return each
    const archive = asKey(key.slice(0, -'.prov'.length))
    const versions = possibleVersions(archive.slice(location.prefix.length))
    const isFree = versions.length > 0 && versions.every((version) => !taken.has(versionKey(version))) && !named.has(archive)
    const { foreign, orphans } = await judge.judge(isFree ? [{ key: archive, versions, size: objects.get(asKey(key))?.size ?? 0 }] : [], NO_INDEX)
    if (orphans.length > 0) return each
    return finding('archive-foreign', `${key}: ${foreign[0]?.reason ?? 'an entry means its archive, which is not there'}`, { key })
  }
  return Promise.all(findings.map(judged))
}
