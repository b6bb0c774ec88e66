import type { Entry } from '../core/entry.ts'
import type { IndexForm } from '../core/index/index-text.ts'
import type { RepositoryLocation, UrlForm } from '../core/keys.ts'
import {
  type ConfigDocument,
  type DecodedConfig,
  NO_CONFIG,
  type RepositoryConfig,
  TOO_LARGE_CONFIG,
  configOf,
  decodeConfig,
  encodeConfig,
  isSameConfig,
} from '../core/repository-config.ts'
import { MAX_CONFIG } from '../core/size-limits.ts'
import { HelmS3Error, hasCode } from '../errors.ts'
import { NO_OBJECT_SETTINGS, type ObjectSettings } from '../settings/objects.ts'
import type { PutCondition, StoredObject } from '../store/object-store.ts'
import { askAgain } from './ask-again.ts'
import { attempts } from './attempts.ts'
import { DEFAULT_GRACE_WINDOW, SWAP_RETRIES } from './limits.ts'
import { lookAfter, outcomeUnknown } from './lost-answer.ts'
import type { Session } from './session.ts'
import { newWriteId } from './write-index.ts'
import { shellWord } from '../terminal-text.ts'

/**
 * The defaults that the repository keeps; what cannot be used in them is named in one line, and ignored. A client that
 * may not read them goes without. For all but `config`: `session.repositoryConfig()`, which asks once. Cost: one GET;
 * three for a client that may not read them, see {@link askAgain}.
 */
export async function readRepositoryConfig(session: Session): Promise<RepositoryConfig> {
  try {
    const { ignored, texts } = (await askAgain(session, () => lookAtConfig(session))).decoded
    const others = ignored.length > 1 ? ` (and ${String(ignored.length - 1)} more)` : ''
    if (ignored[0] !== undefined) session.notice(`helm-s3: ignored in ${session.location.configKey}: ${ignored[0]}${others}`)
    return configOf(texts)
  } catch (error) {
    if (hasCode(error, 'denied')) return {}
    throw error
  }
}

/** Begins to read the defaults while other requests are under way. Whoever asks for them later gets the error, if there is one. */
export function expectConfig(session: Session): void {
  session.repositoryConfig().catch(() => undefined)
}

/** The defaults as they stand there. */
export interface ConfigObject {
  readonly decoded: DecodedConfig
  /** The condition under which they may be replaced. */
  readonly when: Exclude<PutCondition, 'always'>
}

/** The defaults as they stand there. Cost: one GET; for what is too large to be read, a HEAD as well. */
export async function lookAtConfig({ location, store }: Session): Promise<ConfigObject> {
  let object: StoredObject | undefined
  try {
    object = await store.get(location.configKey, { most: MAX_CONFIG })
  } catch (error) {
    if (!hasCode(error, 'too-large')) throw error
    const head = await store.head(location.configKey)
    return { decoded: TOO_LARGE_CONFIG, when: head === undefined ? 'absent' : { match: head.etag } }
  }
  return object === undefined ? { decoded: NO_CONFIG, when: 'absent' } : { decoded: decodeConfig(object.body), when: { match: object.etag } }
}

/**
 * Changes the defaults of the repository, by compare-and-swap: the only place that writes them. Of two writers of different keys
 * both take effect. After any answer but success it looks before it writes again. The object is written with the ACL and the encryption that
 * it sets.
 *
 * @param change the new document; throws to refuse
 * @returns what stands there now, and whether it was written
 * @throws HelmS3Error what `change` throws; `conflict` when others write each time; `outcome-unknown`
 * Cost: one GET, and one PUT when there is something to change.
 */
export async function writeRepositoryConfig(
  session: Session,
  change: (document: ConfigDocument) => ConfigDocument,
): Promise<{ readonly document: ConfigDocument; readonly isWritten: boolean }> {
  const { changes, location, store } = session
  const written = { object: location.configKey }
  const write = { what: location.configKey, wayOut: `see what stands there with \`helm s3 config ${shellWord(location.address)}\`` }
  let unanswered: { readonly cause: unknown } | undefined
  for await (const attempt of attempts(session, SWAP_RETRIES)) {
    const look = (): Promise<ConfigObject> => lookAtConfig(session)
    const { decoded, when } = unanswered === undefined ? await look() : await lookAfter(write, look)
    const next = change(decoded.document)
    if (!decoded.isUnreadable && isSameConfig(next, decoded.document)) {
      if (attempt > 1) changes.committed(written)
      return { document: next, isWritten: attempt > 1 }
    }
    const body = encodeConfig(next, newWriteId(session))
    // A bucket whose policy demands an encryption takes the very write that sets it.
    session.noteConfig(configOf(decodeConfig(body).texts))
    changes.sending(written)
    const options = { when, contentType: 'application/json', cacheControl: 'no-cache', inTime: () => true }
    const put = await store.put(location.configKey, body, options).catch((cause: unknown) => {
      if (unanswered !== undefined) throw outcomeUnknown(write, cause)
      changes.notMade(written)
      throw cause
    })
    if (put.outcome === 'written') {
      changes.committed(written)
      return { document: next, isWritten: true }
    }
    if (put.outcome === 'unknown') unanswered = put
    else if (unanswered === undefined) changes.notMade(written)
  }
  if (unanswered !== undefined) throw outcomeUnknown(write, unanswered.cause)
  throw new HelmS3Error('conflict', `others wrote ${location.configKey} each time`, { hint: 'nothing was changed; try again' })
}

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
  return entries.some(({ urls }) => urls?.some((url) => /^https?:/i.test(url))) ? publishedLocation(session) : session.location
}

/** By what a compaction goes: the command line, else the repository. An undefined form keeps that of `index.yaml`. */
export async function compactionSettings(
  session: Session,
  given: { readonly graceWindow: number | undefined; readonly form: IndexForm | undefined },
): Promise<{ readonly graceWindow: number; readonly form: IndexForm | undefined }> {
  const config = await session.repositoryConfig()
  return { graceWindow: given.graceWindow ?? config.graceWindow ?? DEFAULT_GRACE_WINDOW, form: given.form ?? config.format }
}

/** What the repository says about every object that is written. */
export function objectDefaults({ acl, sse, sseKmsKeyId }: RepositoryConfig): ObjectSettings {
  return { ...NO_OBJECT_SETTINGS, acl, sse, sseKmsKeyId }
}
