import type { Key } from '../../core/keys.ts'
import { hasCode } from '../../errors.ts'
import { compareBytes } from '../../text/byte-order.ts'
import type { Session } from '../session/session.ts'
import { justBefore } from './list-archives.ts'

/** A page of a listing that tells of so many keys takes less time, and costs less, than a HEAD for each of them. */
const WORTH_A_PAGE = 32

/**
 * Those of the keys directly below the prefix under which certainly nothing is, as listings show it as long as a page
 * tells of many of them. Nothing is said about the other keys, and without the permission to list about none.
 *
 * Cost: nothing for fewer than 32 keys; else a LIST for each page that tells of 32 or more, and one more.
 */
export async function absentArchives(session: Session, keys: readonly Key[]): Promise<ReadonlySet<Key>> {
  const absent = new Set<Key>()
  let rest = keys.toSorted(compareBytes)
  for (let told = rest; told.length >= WORTH_A_PAGE && rest.length >= WORTH_A_PAGE; rest = rest.slice(told.length)) {
    const page = await listFrom(session, rest)
    if (page === undefined) break
    told = rest.filter((key) => page.tellsOf(key))
    for (const key of told) if (!page.present.has(key)) absent.add(key)
  }
  return absent
}

interface Page {
  readonly present: ReadonlySet<Key>
  /** Whether the page would show the key if there was something. */
  readonly tellsOf: (key: Key) => boolean
}

/** The page of a listing that begins with the first of the keys. Undefined: listing is not permitted. */
async function listFrom({ location, store }: Session, [first]: readonly Key[]): Promise<Page | undefined> {
  if (first === undefined) return undefined
  try {
    const { next, objects } = await store.list(location.prefix, { delimiter: '/', startAfter: justBefore(first) })
    const last = objects.at(-1)?.key
    const tellsOf = (key: Key): boolean => next === undefined || (last !== undefined && compareBytes(key, last) <= 0)
    return { present: new Set(objects.map(({ key }) => key)), tellsOf }
  } catch (error) {
    if (hasCode(error, 'denied')) return undefined
    throw error
  }
}
