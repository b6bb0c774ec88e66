import type { Entry } from '../../lib/core/log/entry.ts'
import { makeEntry } from '../../lib/core/log/chart-entry.ts'
import { makeDeltaId } from '../../lib/core/log/delta-id.ts'
import { archiveFileName, archiveKey } from '../../lib/core/keys.ts'
import { archiveMetadata } from '../../lib/core/object-metadata.ts'
import type { PagingLimits } from '../../lib/protocol/session/session.ts'
import { LOCATION, makeUpload } from './charts.ts'
import type { World } from './world.ts'

/*
 * With pages, the one chart stands among others that nobody touches. They are so large that the index has some pages,
 * and is composed; the limits are so small that this needs no more than a few kilobytes.
 */

export const SMALL_PAGES: PagingLimits = {
  sizes: { tableFrom: 1000, target: 600, most: 1200, least: 100 },
  parts: { least: 1000, most: 4000, composeFrom: 3000 },
  tail: 3000,
}

const NAMES = ['a-1', 'a-2', 'a-3', 'a-4', 'a-5', 'z-1', 'z-2', 'z-3', 'z-4', 'z-5']
/** No version of the one chart: what is recorded is told apart by versions alone. */
const VERSION = '0.0.9'

/** Their entries, with their archives in the bucket. */
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

/** The digests of their archives. */
export function neighbourDigests(): readonly string[] {
  return NAMES.map((name) => makeUpload(VERSION, 'A', name).digest)
}

/** Those of them that are not in an index as they were put there: name -> digest. */
export function missingNeighbours(find: (version: { name: string; version: string }) => Entry | undefined): string[] {
  return NAMES.filter((name) => find({ name, version: VERSION })?.digest !== makeUpload(VERSION, 'A', name).digest)
}
