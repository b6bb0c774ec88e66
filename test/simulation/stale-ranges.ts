import type { Key } from '../../lib/core/keys.ts'
import type { ByteRange, ETag, NoRange, ObjectStore } from '../../lib/store/object-store.ts'
import type { SeededRandom } from './seeded-random.ts'

type GetRange = ObjectStore['getRange']

/**
 * Ranges of one object as a bad cache on the way gives them: with some luck, or those of the text before this one, as
 * far as it reaches, although the condition holds. No other answer is ever wrong.
 */
export function staleRanges(store: ObjectStore, object: Key, random: SeededRandom): GetRange {
  let present: { readonly etag: ETag; readonly body: Uint8Array } | undefined
  let former: Uint8Array | undefined
  return async (key: Key, range: ByteRange, match: ETag): Promise<Uint8Array | NoRange> => {
    const given = await store.getRange(key, range, match)
    if (key !== object || typeof given === 'string') return given
    if (present?.etag !== match) {
      former = present?.body
      present = await store.get(object)
    }
    const isStale = random.chance(0.5) && former !== undefined && range.end <= former.length
    return isStale && former !== undefined ? former.slice(range.start, range.end) : given
  }
}
