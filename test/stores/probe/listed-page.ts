/** What one page of ListObjectsV2 says. */
export interface ListedPage {
  readonly objects: readonly ListedObject[]
  readonly prefixes: readonly string[]
  readonly count: number | undefined
  readonly token: string | undefined
}

export interface ListedObject {
  /** As it stands there, once entities are read. */
  readonly key: string
  readonly etag: string
  readonly time: string
}

/** Reads what the page of a store says, well-formed or not: what is not found is empty. */
export function readPage(xml: string): ListedPage {
  const count = field(xml, 'KeyCount')
  return {
    objects: elements(xml, 'Contents').map((each) => ({
      key: field(each, 'Key') ?? '',
      etag: field(each, 'ETag') ?? '',
      time: field(each, 'LastModified') ?? '',
    })),
    prefixes: elements(xml, 'CommonPrefixes').map((each) => field(each, 'Prefix') ?? ''),
    count: count === undefined ? undefined : Number(count),
    token: field(xml, 'IsTruncated') === 'true' ? field(xml, 'NextContinuationToken') : undefined,
  }
}

/** The name of the root element. */
export function rootOf(xml: string): string | undefined {
  return /<(?:\w+:)?([A-Za-z]\w*)[\s/>]/.exec(xml.replace(/<\?[^>]*\?>/, ''))?.[1]
}

/** The texts within all elements of this name. */
export function elements(xml: string, name: string): readonly string[] {
  return [...xml.matchAll(new RegExp(`<(?:\\w+:)?${name}>(.*?)</(?:\\w+:)?${name}>`, 'gs'))].map(
    ([, text = '']) => text,
  )
}

/** The text of the first element of this name. */
export function field(xml: string, name: string): string | undefined {
  const text = new RegExp(`<(?:\\w+:)?${name}>([^<]*)</`).exec(xml)?.[1]
  return text === undefined ? undefined : unescaped(text)
}

const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

function unescaped(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (all, hex?: string, decimal?: string, name?: string) => {
    if (hex !== undefined) return String.fromCodePoint(parseInt(hex, 16))
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal))
    return NAMED[name ?? ''] ?? all
  })
}
