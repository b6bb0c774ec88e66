import { HelmS3Error } from '../../../lib/errors.ts'
import { alteredUploads } from '../../../lib/store/altered-store.ts'
import type { MemoryStore } from '../../../lib/store/memory-store.ts'
import type { MultipartUploads, ObjectStore, PutOutcome } from '../../../lib/store/object-store.ts'

/** A store that differs in these methods from one that is exact. */
export type StoreDouble = (bucket: MemoryStore) => Partial<ObjectStore>

/** How many writers win in a round that goes wrong, and how many of 30 rounds do. */
interface Wrong {
  readonly rounds: number
  readonly winners: number
}

/** What a store that was measured does with the races of a probe. */
interface Measured {
  readonly store: StoreDouble
  readonly level: string
  /** The findings about the store, sorted. */
  readonly finds: readonly string[]
  /** How it keeps to the conditions of PUT and DELETE. */
  readonly keeps: { readonly create: string; readonly swap: string; readonly delete: string }
}

const ignoresPuts: StoreDouble = (bucket) => ({
  put: (key, body, options) => bucket.put(key, body, { ...options, when: 'always' }),
})

const ignoresDeletes: StoreDouble = (bucket) => ({ delete: (key) => bucket.delete(key) })

/** Takes a body whatever its checksum says. */
const takesAnyBytes: StoreDouble = (bucket) => ({
  put: (key, body, { sha256: _, ...options }) => bucket.put(key, body, options),
})

type Parts =
  'ignores If-Match' | 'ignores all' | 'copies whatever is there' | 'copies nothing' | 'gives up the object, too'

export function parts(...what: readonly Parts[]): StoreDouble {
  return (bucket) => {
    const { uploads } = bucket
    if (uploads === undefined) return {}
    const copyPart: MultipartUploads['copyPart'] = async (upload, number, source) => {
      if (what.includes('copies nothing')) return 'unsupported'
      const etag = what.includes('copies whatever is there') ? (await bucket.head(source.key))?.etag : undefined
      return uploads.copyPart(upload, number, { ...source, etag: etag ?? source.etag })
    }
    const complete: MultipartUploads['complete'] = (upload, named, { when, ...options }) => {
      const isIgnored = what.includes('ignores all') || (what.includes('ignores If-Match') && typeof when === 'object')
      return uploads.complete(upload, named, { ...options, when: isIgnored ? 'always' : when })
    }
    const abort: MultipartUploads['abort'] = async (upload) => {
      await uploads.abort(upload)
      if (what.includes('gives up the object, too')) await bucket.delete(upload.key)
    }
    return { uploads: alteredUploads(uploads, { abort, copyPart, complete }) }
  }
}

/** Lets several writers win in some rounds of a race: in the first ones. */
export function races(
  { creations: created, swaps: swapped }: { readonly creations?: Wrong; readonly swaps?: Wrong },
  base: StoreDouble = () => ({}),
): StoreDouble {
  return (bucket) => {
    const others = base(bucket)
    const put = others.put ?? ((...args: Parameters<ObjectStore['put']>) => bucket.put(...args))
    const creations = new Map<string, number>()
    const swaps = new Map<string, number>()
    /** Whether this writer wins; undefined: as the store itself decides. */
    const wins = (
      rounds: Map<string, number>,
      round: string,
      { rounds: most, winners }: Wrong,
    ): boolean | undefined => {
      const before = rounds.get(round) ?? 0
      rounds.set(round, before + 1)
      return [...rounds.keys()].indexOf(round) < most ? before < winners : undefined
    }
    return {
      ...others,
      put: async (key, body, options): Promise<PutOutcome> => {
        const { when } = options
        let won: boolean | undefined
        if (created !== undefined && when === 'absent' && /\/create-\d+$/.test(key)) won = wins(creations, key, created)
        else if (swapped !== undefined && typeof when === 'object' && key.endsWith('/swap')) {
          const isKnown = swaps.has(when.match) || (await bucket.head(key))?.etag === when.match
          if (isKnown) won = wins(swaps, when.match, swapped)
        }
        if (won === undefined) return put(key, body, options)
        return won ? put(key, body, { ...options, when: 'always' }) : { outcome: 'refused' }
      },
    }
  }
}

/** Several doubles in one. A later one takes the place of the methods of an earlier one. */
const all =
  (...doubles: readonly StoreDouble[]): StoreDouble =>
  (bucket) =>
    Object.assign({}, ...doubles.map((double) => double(bucket))) as Partial<ObjectStore>

const exact = { create: 'exact', swap: 'exact', delete: 'exact' }
const ignored = { create: 'ignored', swap: 'ignored', delete: 'ignored' }

/** Fails every eighth of the requests that race for one object, and carries none of these out. */
const failsSome: StoreDouble = (bucket) => {
  let asked = 0
  return {
    put: async (key, body, { sha256: _, ...options }) => {
      const isFailed = typeof options.when === 'object' && key.endsWith('/swap') && ++asked % 8 === 0
      if (!isFailed) return bucket.put(key, body, options)
      return { outcome: 'unknown', cause: new HelmS3Error('store-failed', 'InternalError'), isFailure: true }
    },
  }
}

/** Fails every page that is not the last, and leaves parts of two bodies that come at once. */
const s3rver: StoreDouble = (bucket) => {
  let last: Uint8Array = new Uint8Array()
  return {
    list: async (prefix, options = {}) => {
      const page = await bucket.list(prefix, options)
      if (page.next !== undefined) throw new HelmS3Error('store-failed', 'list s3://acme: InternalError')
      return page
    },
    put: async (key, body, { sha256: _, ...options }) => {
      const isLarge = body.length > 10_000
      const stands = isLarge && last.length === body.length ? Buffer.concat([body.slice(0, 9), last.slice(9)]) : body
      if (isLarge) last = body
      return bucket.put(key, stands, { ...options, when: 'always' })
    },
    // It sends the first bytes instead of the last, so that the adapter reads all of the object.
    getTail: (key) => bucket.get(key),
  }
}

/** What servers do, as they were measured: docs/STORES.md. */
export const MEASURED: Readonly<Record<string, Measured>> = {
  MinIO: {
    store: ignoresDeletes,
    level: 'exact but for deletes',
    finds: ['store-deletes-always'],
    keeps: { ...exact, delete: 'ignored' },
  },
  versitygw: { store: () => ({}), level: 'exact', finds: [], keeps: exact },
  moto: {
    store: all(takesAnyBytes, parts('ignores If-Match', 'copies whatever is there')),
    level: 'exact',
    finds: ['store-composes-not', 'store-ignores-checksums'],
    keeps: exact,
  },
  'moto, in a probe that meets its rare race': {
    store: races({ creations: { rounds: 1, winners: 2 } }, takesAnyBytes),
    level: 'index only',
    finds: ['store-create-races', 'store-ignores-checksums'],
    keeps: { ...exact, create: 'racy' },
  },
  S3Mock: {
    store: races({ creations: { rounds: 12, winners: 8 }, swaps: { rounds: 3, winners: 2 } }),
    level: 'index only',
    finds: ['store-create-races', 'store-swap-races'],
    keeps: { create: 'racy', swap: 'racy', delete: 'exact' },
  },
  s3proxy: {
    store: races({ swaps: { rounds: 7, winners: 4 } }),
    level: 'index only',
    finds: ['store-swap-races'],
    keeps: { ...exact, swap: 'racy' },
  },
  LocalStack: {
    store: (bucket) => ({
      delete: async (key, options = {}) => {
        if (options.match !== undefined) throw new HelmS3Error('unsupported-store', 'NotImplemented')
        return bucket.delete(key)
      },
      // A page after a key beyond ASCII is answered 500.
      list: async (prefix, options) => {
        if (/[^\0-\x7f]/.test(options?.token ?? '')) throw new HelmS3Error('store-failed', 'InternalError')
        return bucket.list(prefix, options)
      },
    }),
    level: 'unsafe',
    finds: ['store-deletes-always', 'store-listings-wrong'],
    keeps: { ...exact, delete: 'refused' },
  },
  rclone: { store: () => ({}), level: 'exact', finds: [], keeps: exact },
  gofakes3: {
    store: all(takesAnyBytes, ignoresDeletes, parts('ignores all', 'copies nothing')),
    level: 'exact but for deletes',
    finds: ['store-composes-not', 'store-deletes-always', 'store-ignores-checksums'],
    keeps: { ...exact, delete: 'ignored' },
  },
  'Ceph RGW 16.2': {
    store: all(failsSome, ignoresDeletes, parts('ignores all', 'copies whatever is there'), () => ({
      etagForm: () => 'bare' as const,
    })),
    level: 'exact but for deletes',
    finds: ['store-bare-etags', 'store-composes-not', 'store-deletes-always', 'store-ignores-checksums'],
    keeps: { ...exact, delete: 'ignored' },
  },
  s3rver: {
    store: all(s3rver, ignoresDeletes, parts('ignores all', 'copies nothing')),
    level: 'unsafe',
    finds: [
      'store-composes-not',
      'store-create-races',
      'store-deletes-always',
      'store-ignores-checksums',
      'store-listings-wrong',
      'store-mixes-bodies',
      'store-sends-whole',
      'store-swap-races',
    ],
    keeps: ignored,
  },
  SeaweedFS: { store: () => ({}), level: 'exact', finds: [], keeps: exact },
  Garage: {
    store: all(ignoresPuts, ignoresDeletes, parts('ignores all')),
    level: 'index only',
    finds: ['store-composes-not', 'store-create-races', 'store-deletes-always', 'store-swap-races'],
    keeps: ignored,
  },
}
