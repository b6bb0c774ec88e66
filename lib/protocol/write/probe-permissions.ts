import type { Permission, ProbeReport } from '../../core/check/check-store.ts'
import { type Key, asKey, resourceArn } from '../../core/keys.ts'
import { hasCode } from '../../errors.ts'
import { askAgain } from '../read/ask-again.ts'
import { OTHER_ETAG } from './probe-objects.ts'
import type { Session } from '../session/session.ts'

const RANDOM_BYTES = 8

/** The SHA-256 of nothing that is sent: as {@link OTHER_ETAG}, it makes a store refuse the request. */
const OTHER_SHA256 = '0'.repeat(64)

/**
 * Finds out which permissions to write these credentials have, by requests that a store refuses for another reason when
 * they are allowed: a PUT with a stale `If-Match` and a wrong checksum, a DELETE of what is not there. `index.yaml` is
 * tried only on a store that was seen to keep to `If-Match`. Cost: three PUTs and two DELETEs without an effect, each
 * up to three times where it is refused; see {@link askAgain}.
 */
export async function probePermissions(
  session: Session,
  probe: ProbeReport | undefined,
): Promise<readonly Permission[]> {
  const { bucket, deltaFolder, indexKey, prefix } = session.location
  const name = `helm-s3-probe-${Buffer.from(session.random.bytes(RANDOM_BYTES)).toString('hex')}`
  // As a delta is called: policies that leave the defaults of the repository out name `*.yaml`.
  const delta = asKey(`${deltaFolder}${name}.yaml`)
  const archive = asKey(`${prefix}${name}.tgz`)
  const keepsToMatch = probe?.swap === 'exact'
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

/** Also takes away what the PUT has left on a store that keeps to neither condition. */
function mayDelete(session: Session, key: Key): Promise<boolean | undefined> {
  return isAllowed(session, () => session.store.delete(key))
}

/** Undefined: no answer. */
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
