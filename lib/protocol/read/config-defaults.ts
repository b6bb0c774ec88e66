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

/** The location of the repository, with the URL at which it is published: entries may name archives by that URL. */
export async function publishedLocation(session: Session): Promise<RepositoryLocation> {
  const { publishUrl } = await session.repositoryConfig()
  return publishUrl === undefined ? session.location : { ...session.location, publishUrl }
}

/**
 * Like {@link publishedLocation}, for someone who only reads these entries: the defaults are read only when one of the
 * entries has a web URL.
 */
export async function locationFor(session: Session, entries: readonly Entry[]): Promise<RepositoryLocation> {
  return entries.some(({ urls }) => urls?.some((url) => /^https?:/i.test(url)))
    ? publishedLocation(session)
    : session.location
}

/**
 * The settings of a compaction: those of the command line, else those of the repository. When the form is undefined,
 * `index.yaml` keeps the form that it has.
 */
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

/** The settings of the repository for every object that is written. */
export function objectDefaults({ acl, sse, sseKmsKeyId }: RepositoryConfig): ObjectSettings {
  return { ...NO_OBJECT_SETTINGS, acl, sse, sseKmsKeyId }
}
