import type { Entry } from './log/entry.ts'
import { type IndexItem, newItem } from './index/index-item.ts'
import type { IndexText } from './index/index-text.ts'
import { type RepositoryLocation, keyBelow } from './keys.ts'

/** Whether a url is an `s3://` URL with a query. The repository decides where requests go, not its index. */
export function hasOwnQuery(url: string): boolean {
  return /^s3:\/\/[^?#]*\?/i.test(url)
}

/** The entry with the queries of its `s3://` urls taken away; the same object where there is none. */
export function withoutUrlQueries(entry: Entry): Entry {
  return withUrls(entry, (url) => (hasOwnQuery(url) ? url.replace(/\?[^#]*/, '') : url))
}

/**
 * The index with urls below the repository written as relative urls. Helm passes on the query of the repository's URL
 * for relative urls only.
 * @throws HelmS3Error as {@link mapEntries}
 */
export function relativeToRepository(index: IndexText, location: RepositoryLocation): IndexText {
  const hasAbsolute = index
    .chunks()
    .some((chunk) => /s3:\/\//i.test(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString('latin1')))
  return hasAbsolute ? mapEntries(index, (entry) => withRelativeUrls(entry, location)) : index
}

/**
 * The same for one entry. A `+` stays as it is: `helm dependency update` of Helm 3 encodes a `%2B` once more, and names
 * the file accordingly.
 */
export function withRelativeUrls(entry: Entry, location: RepositoryLocation): Entry {
  return withUrls(entry, (url) => {
    const path = /^s3:\/\//i.test(url) ? keyBelow(location, url) : undefined
    return path === undefined
      ? url
      : path
          .split('/')
          .map((segment) => encodeURIComponent(segment).replaceAll('%2B', '+'))
          .join('/')
  })
}

/**
 * The same index with each entry replaced by what `change` returns. Entries that stay the same keep their bytes.
 * @throws HelmS3Error `invalid-index` when Helm would refuse the index because of an entry
 */
export function mapEntries(index: IndexText, change: (entry: Entry) => Entry): IndexText {
  const changed = new Map<string, readonly IndexItem[]>()
  for (const name of index.chartNames()) {
    const items = index.items(name)
    const next = items.map((item) => {
      const entry = change(item.entry)
      return entry === item.entry ? item : newItem(entry)
    })
    if (next.some((item, i) => item !== items[i])) changed.set(name, next)
  }
  return changed.size === 0 ? index : index.withItems(changed)
}

function withUrls(entry: Entry, change: (url: string) => string): Entry {
  const urls = entry.urls?.map(change)
  return urls === undefined || urls.every((url, i) => url === entry.urls?.[i]) ? entry : { ...entry, urls }
}
