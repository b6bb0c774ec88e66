import { type Key, brokenIndexKey } from '../../core/keys.ts'
import { HelmS3Error } from '../../errors.ts'
import type { StoredObject } from '../../store/object-store.ts'
import { sha256 } from '../../sys/sha256.ts'
import type { Session } from '../session/session.ts'

/**
 * Keeps the text of an `index.yaml` that Helm refuses before it is replaced, under a key of its own beside it. The same
 * text is kept once. The only place that writes such keys; nothing ever reads or removes them.
 * @throws HelmS3Error `outcome-unknown` when it is not known whether the text is kept; `denied`; in both cases nothing
 *   may be replaced
 * Cost: one PUT; a HEAD when it was kept before.
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
