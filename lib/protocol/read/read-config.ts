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
 * Reads the defaults of the repository. Values that cannot be used are ignored, and named in one line. A client that
 * may not read the defaults works without them. All commands but `config` use `session.repositoryConfig()` instead,
 * which reads them once.
 *
 * Cost: one GET; three for a client that may not read them, see {@link askAgain}.
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
 * Begins to read the defaults while other requests are under way. An error is reported to whoever asks for the defaults
 * later.
 */
export function expectConfig(session: Session): void {
  session.repositoryConfig().catch(() => undefined)
}

/** The defaults as the store has them now. */
export interface ConfigObject {
  readonly decoded: DecodedConfig
  /** The condition under which they may be replaced. */
  readonly when: Exclude<PutCondition, 'always'>
}

/** Reads the defaults as the store has them now. Cost: one GET; when they are too large to be read, a HEAD as well. */
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
