import type { RepositoryLocation } from '../../core/keys.ts'
import { HelmS3Error } from '../../errors.ts'
import type { ExistingVersion } from '../../protocol/push/find-existing.ts'
import { shellWord } from '../../text/terminal-text.ts'

/**
 * Refuses versions of which there is an archive but no index entry. They do not count as existing: nobody can install
 * them.
 * @throws HelmS3Error `already-exists`
 */
export function refuseOrphans(existing: readonly ExistingVersion[], { address }: RepositoryLocation): void {
  const orphans = existing.filter(({ isOrphan }) => isOrphan)
  const [first] = orphans
  if (first === undefined) return
  const names = orphans.map(({ name, version }) => `${name} ${version}`).join(', ')
  const stands =
    orphans.length === 1
      ? 'another archive, which has no index entry, is in its place'
      : 'other archives, which have no index entries, are in their places'
  throw new HelmS3Error('already-exists', `${names}: ${stands}`, {
    hint:
      'nothing was pushed, because it could not be removed; ' +
      `replace it with --force, or ask somebody with the permission to delete archives to run \`helm s3 prune ` +
      `${shellWord(address)} --orphans\``,
  })
}

/** The existing versions as `-o json` prints them. */
export function identifyExisting(existing: readonly ExistingVersion[]): object[] {
  return existing.map(({ digest = null, name, version }) => ({ name, version, digest }))
}
