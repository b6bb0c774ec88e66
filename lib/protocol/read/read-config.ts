import {
  type DecodedConfig,
  NO_CONFIG,
  type RepositoryConfig,
  TOO_LARGE_CONFIG,
  configOf,
  decodeConfig,
} from '../../settings/repository-config.ts'
import { MAX_CONFIG } from '../../text/size-limits.ts'
import { hasCode } from '../../errors.ts'
import type { PutCondition, StoredObject } from '../../store/object-store.ts'
import { askAgain } from './ask-again.ts'
import type { Session } from '../session/session.ts'

/**
 * The defaults that the repository keeps; what cannot be used in them is named in one line, and ignored. A client that
 * may not read them goes without. For all but `config`: `session.repositoryConfig()`, which asks once. Cost: one GET;
 * three for a client that may not read them, see {@link askAgain}.
 */
export async function readRepositoryConfig(session: Session): Promise<RepositoryConfig> {
  try {
    const { ignored, texts } = (await askAgain(session, () => lookAtConfig(session))).decoded
    const others = ignored.length > 1 ? ` (and ${String(ignored.length - 1)} more)` : ''
    if (ignored[0] !== undefined)
      session.notice(`helm-s3: ignored in ${session.location.configKey}: ${ignored[0]}${others}`)
    return configOf(texts)
  } catch (error) {
    if (hasCode(error, 'denied')) return {}
    throw error
  }
}

/**
 * Begins to read the defaults while other requests are under way. Whoever asks for them later gets the error, if there
 * is one.
 */
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
  return object === undefined
    ? { decoded: NO_CONFIG, when: 'absent' }
    : { decoded: decodeConfig(object.body), when: { match: object.etag } }
}
