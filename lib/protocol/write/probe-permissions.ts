import type { Permission } from '../../core/check/check-store.ts'
import type { ProbeReport } from '../../core/check/probe-report.ts'
import { type Key, asKey, resourceArn } from '../../core/keys.ts'
import { hasCode } from '../../errors.ts'
import { askAgain } from '../read/ask-again.ts'
import { OTHER_ETAG } from './probe-objects.ts'
import type { Session } from '../session/session.ts'

const RANDOM_BYTES = 8

/** A SHA-256 that does not fit anything that is sent: like {@link OTHER_ETAG}, it makes a store refuse the request. */
const OTHER_SHA256 = '0'.repeat(64)

/**
 * Finds out which write permissions these credentials have. It sends requests that the store must refuse for another
 * reason when they are permitted: a PUT with a stale `If-Match` and a wrong checksum, and a DELETE of an object that
 * does not exist. `index.yaml` is tried only on a store that was seen to obey `If-Match`.
 *
 * Cost: three PUTs and two DELETEs without an effect, each up to three times when it is refused; see {@link askAgain}.
 */
export async function probePermissions(
  session: Session,
  probe: ProbeReport | undefined,
): Promise<readonly Permission[]> {
  const { bucket, deltaFolder, indexKey, prefix } = session.location
  const name = `helm-s3-probe-${Buffer.from(session.random.bytes(RANDOM_BYTES)).toString('hex')}`
  // Named like a delta: policies that do not cover the defaults of the repository name `*.yaml`.
  const delta = asKey(`${deltaFolder}${name}.yaml`)
  const archive = asKey(`${prefix}${name}.tgz`)
  const keepsToMatch = probe?.swap.keeping === 'exact'
  const put = 's3:PutObject'
  const remove = 's3:DeleteObject'
  return [
    { action: put, resource: resourceArn(bucket, `${deltaFolder}*.yaml`), granted: await mayPut(session, delta) },
    { action: put, resource: resourceArn(bucket, `${prefix}*.tgz`), granted: await mayPut(session, archive) },
    {
      action: put,
      resource: resourceArn(bucket, indexKey),
      granted: keepsToMatch ? await mayPut(session, indexKey) : undefined,
    },
    { action: remove, resource: resourceArn(bucket, `${deltaFolder}*.yaml`), granted: await mayDelete(session, delta) },
    { action: remove, resource: resourceArn(bucket, `${prefix}*.tgz`), granted: await mayDelete(session, archive) },
  ]
}

function mayPut(session: Session, key: Key): Promise<boolean | undefined> {
  const put = { when: { match: OTHER_ETAG }, sha256: OTHER_SHA256 }
  return isAllowed(session, () => session.store.put(key, Buffer.from('probe'), put))
}

/** Also removes the object that the PUT has left on a store that obeys neither condition. */
function mayDelete(session: Session, key: Key): Promise<boolean | undefined> {
  return isAllowed(session, () => session.store.delete(key))
}

/** Undefined when no answer came. */
async function isAllowed(
  session: Session,
  request: () => Promise<{ readonly outcome: string }>,
): Promise<boolean | undefined> {
  try {
    return (await askAgain(session, request)).outcome === 'unknown' ? undefined : true
  } catch (error) {
    if (hasCode(error, 'denied')) return false
    if (hasCode(error, 'store-failed') || hasCode(error, 'unsupported-store')) return true
    throw error
  }
}
