import type { Entry } from '../../lib/core/log/entry.ts'
import { makeEntry } from '../../lib/core/log/chart-entry.ts'
import { makeDeltaId } from '../../lib/core/log/delta-id.ts'
import { archiveFileName, archiveKey } from '../../lib/core/keys.ts'
import { archiveMetadata } from '../../lib/core/object-metadata.ts'
import type { PagingLimits } from '../../lib/protocol/session/session.ts'
import { LOCATION, makeUpload } from './charts.ts'
import type { World } from './world.ts'

/*
 * In a simulation with pages, the index also has other charts, the neighbours, which no actor changes. They are large
 * enough for an index with several pages that is written in parts. The limits are small, so a few kilobytes suffice.
 */

export const SMALL_PAGES: PagingLimits = {
  sizes: { tableFrom: 1000, target: 600, most: 1200, least: 100 },
  parts: { least: 1000, most: 4000, composeFrom: 3000 },
  tail: 3000,
}

const NAMES = ['a-1', 'a-2', 'a-3', 'a-4', 'a-5', 'z-1', 'z-2', 'z-3', 'z-4', 'z-5']
/** A version that the one chart never has, because the records distinguish pushes by their version alone. */
const VERSION = '0.0.9'

/** Puts the archives of the neighbours into the bucket. @returns the entries of each neighbour, by chart name */
export async function putNeighbours({ bucket, random, time }: World): Promise<ReadonlyMap<string, readonly Entry[]>> {
  const longAgo = time.now - 7_200_000
  const entries = new Map<string, readonly Entry[]>()
  for (const name of NAMES) {
    const upload = makeUpload(VERSION, 'A', name)
    await bucket.put(archiveKey(LOCATION, upload), upload.bytes, {
      when: 'always',
      sha256: upload.digest,
      metadata: archiveMetadata({
        metadata: upload.metadata,
        digest: upload.digest,
        delta: makeDeltaId(longAgo, random.bytes(10)),
      }),
    })
    const metadata = { ...upload.metadata, description: `${name} `.repeat(400).trim() }
    const fields = {
      digest: upload.digest,
      url: archiveFileName(upload),
      created: new Date(longAgo + 1000).toISOString(),
    }
    entries.set(name, [makeEntry(metadata, fields)])
  }
  return entries
}

/** The digests of the archives of the neighbours. */
export function neighbourDigests(): readonly string[] {
  return NAMES.map((name) => makeUpload(VERSION, 'A', name).digest)
}

/** The names of the neighbours whose entry `find` does not give, or gives with another digest. */
export function missingNeighbours(find: (version: { name: string; version: string }) => Entry | undefined): string[] {
  return NAMES.filter((name) => find({ name, version: VERSION })?.digest !== makeUpload(VERSION, 'A', name).digest)
}
