import type { RepositoryLocation } from '../core/keys.ts'
import { HelmS3Error } from '../errors.ts'
import type { ExistingVersion } from '../protocol/push.ts'
import { shellWord } from '../terminal-text.ts'

/**
 * A version that is in no index cannot count as existing, whatever was asked for: nobody can install it.
 * @throws HelmS3Error `already-exists` when an archive stands in the place of one of them that no entry names
 */
export function refuseOrphans(existing: readonly ExistingVersion[], { address }: RepositoryLocation): void {
  const orphans = existing.filter(({ isOrphan }) => isOrphan)
  const [first] = orphans
  if (first === undefined) return
  const names = orphans.map(({ name, version }) => `${name} ${version}`).join(', ')
  const stands = orphans.length === 1 ? 'another archive stands in its place, and no entry names it' : 'other archives stand in their places, and no entry names them'
  throw new HelmS3Error('already-exists', `${names}: ${stands}`, {
    hint:
      'nothing was pushed, for it could not be removed; ' +
      `replace it with --force, or let somebody who may delete archives run \`helm s3 prune ${shellWord(address)} --orphans\``,
  })
}

/** What stands there, for programs. */
export function identifyExisting(existing: readonly ExistingVersion[]): object[] {
  return existing.map(({ digest = null, name, version }) => ({ name, version, digest }))
}
