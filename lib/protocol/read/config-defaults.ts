import type { Entry } from '../../core/log/entry.ts'
import type { IndexForm } from '../../core/index/index-text.ts'
import type { RepositoryLocation, UrlForm } from '../../core/keys.ts'
import type { RepositoryConfig } from '../../settings/repository-config.ts'
import { NO_OBJECT_SETTINGS, type ObjectSettings } from '../../settings/objects.ts'
import { DEFAULT_GRACE_WINDOW } from '../session/limits.ts'
import type { Session } from '../session/session.ts'

/**
 * How the urls of new entries are written.
 * @param relative what the command line says; undefined: the repository decides
 */
export async function entryUrlForm(session: Session, relative: boolean | undefined): Promise<UrlForm> {
  const { location } = session
  const config = await session.repositoryConfig()
  const absolute = relative === undefined ? (config.publishUrl ?? location.url) : location.url
  return { base: (relative ?? config.relative) === true ? '' : absolute, literalPlus: config.literalPlus === true }
}

/** The location with the URL at which the repository is published, by which entries may name its archives. */
export async function publishedLocation(session: Session): Promise<RepositoryLocation> {
  const { publishUrl } = await session.repositoryConfig()
  return publishUrl === undefined ? session.location : { ...session.location, publishUrl }
}

/** The same for a reader of these entries, who asks only when one of them lies at a URL of the web. */
export async function locationFor(session: Session, entries: readonly Entry[]): Promise<RepositoryLocation> {
  return entries.some(({ urls }) => urls?.some((url) => /^https?:/i.test(url)))
    ? publishedLocation(session)
    : session.location
}

/** By what a compaction goes: the command line, else the repository. An undefined form keeps that of `index.yaml`. */
export async function compactionSettings(
  session: Session,
  given: { readonly graceWindow: number | undefined; readonly form: IndexForm | undefined },
): Promise<{ readonly graceWindow: number; readonly form: IndexForm | undefined }> {
  const config = await session.repositoryConfig()
  return {
    graceWindow: given.graceWindow ?? config.graceWindow ?? DEFAULT_GRACE_WINDOW,
    form: given.form ?? config.format,
  }
}

/** What the repository says about every object that is written. */
export function objectDefaults({ acl, sse, sseKmsKeyId }: RepositoryConfig): ObjectSettings {
  return { ...NO_OBJECT_SETTINGS, acl, sse, sseKmsKeyId }
}
