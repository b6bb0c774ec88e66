import { type Key, brokenIndexKey } from '../../core/keys.ts'
import { HelmS3Error } from '../../errors.ts'
import type { StoredObject } from '../../store/object-store.ts'
import { sha256 } from '../../sys/sha256.ts'
import type { Session } from '../session/session.ts'

/**
 * Keeps the text of an `index.yaml` that Helm refuses, before it is replaced, under a key of its own beside it: the
 * same text once. The only place that writes such keys; nothing ever reads or removes them.
 * @throws HelmS3Error `outcome-unknown` when nobody knows whether it is kept; `denied`: then nothing may be replaced
 * Cost: one PUT; a HEAD where it was kept before.
 */
export async function keepBroken({ location, store }: Session, { body }: Pick<StoredObject, 'body'>): Promise<Key> {
  const key = brokenIndexKey(location, sha256(body))
  const put = await store.put(key, body, {
    when: 'absent',
    contentType: 'application/octet-stream',
    inTime: () => true,
  })
  if (put.outcome === 'written' || (await store.head(key))?.size === body.length) return key
  throw new HelmS3Error('outcome-unknown', `no answer to the write of ${key}, which keeps the old index.yaml`, {
    hint: 'nothing was replaced; try again',
  })
}
