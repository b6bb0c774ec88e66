import { createHash } from 'node:crypto'
import type { FoldedDelta } from '../../lib/core/bookkeeping.ts'
import { makeEntry } from '../../lib/core/chart-entry.ts'
import { type DeltaId, deltaKey, makeDeltaId } from '../../lib/core/delta-id.ts'
import { encodeDelta } from '../../lib/core/delta-text.ts'
import type { Entry } from '../../lib/core/entry.ts'
import { emptyIndexText } from '../../lib/core/index/index-text.ts'
import { archiveFileName, archiveKey, parseRepositoryUrl } from '../../lib/core/keys.ts'
import { archiveMetadata } from '../../lib/core/object-metadata.ts'
import type { ChartUpload } from '../../lib/protocol/chart-upload.ts'
import type { ObjectStore } from '../../lib/store/object-store.ts'
import { tgz } from '../support/archives.ts'
import type { Mix } from './mixes.ts'
import type { SeededRandom } from './seeded-random.ts'

export const LOCATION = parseRepositoryUrl('s3://bucket/charts')
export const CHART = 'app'

/** What stands in the bucket at the start. */
export interface InitialBucket {
  /** Version -> digest of those that the index names. */
  readonly values: ReadonlyMap<string, string>
  /** Versions whose archive is there without an entry. */
  readonly orphans: ReadonlySet<string>
}

/** Puts archives, deltas and an index into an empty bucket, as the seed has it. `now`: milliseconds of virtual time. */
export async function layOutBucket(
  store: ObjectStore,
  { mix, now, random, versions }: { readonly versions: readonly string[]; readonly now: number; readonly mix: Mix; readonly random: SeededRandom },
): Promise<InitialBucket> {
  const longAgo = now - 7_200_000
  const values = new Map<string, string>()
  const orphans = new Set<string>()
  const entries: Entry[] = []
  const folded = new Map<DeltaId, FoldedDelta>()
  for (const version of versions) {
    const state = random.pick(mix.start)
    if (state === 'none') continue
    const upload = makeUpload(version, 'A')
    const id = makeDeltaId(longAgo, random.bytes(10))
    await store.put(archiveKey(LOCATION, upload), upload.bytes, {
      when: 'always',
      sha256: upload.digest,
      metadata: archiveMetadata({ metadata: upload.metadata, digest: upload.digest, delta: id }),
    })
    if (state === 'orphan') {
      orphans.add(version)
      continue
    }
    const entry = makeEntry(upload.metadata, {
      digest: upload.digest,
      url: archiveFileName(upload),
      created: new Date(longAgo + 1000).toISOString(),
    })
    values.set(version, upload.digest)
    if (random.chance(mix.pendingDeltas)) {
      await putDelta(store, id, entry)
      continue
    }
    entries.push(entry)
    if (random.chance(mix.oldDeltas)) {
      const age = random.chance(0.5) ? 50_000 : mix.graceWindow + random.below(300_000)
      folded.set(id, { at: now - age, touched: [{ name: CHART, version }], gone: undefined })
      await putDelta(store, id, entry)
    }
  }
  const form = random.chance(0.1) ? 'yaml' : 'json'
  const index = emptyIndexText(form).withHeader({
    bookkeeping: { generation: 1, writeId: 'start', folded },
    generated: new Date(longAgo).toISOString(),
  })
  const bytes = (entries.length > 0 ? index.withCharts(new Map([[CHART, entries]])) : index).toBytes()
  await store.put(LOCATION.indexKey, bytes, { when: 'always' })
  return { values, orphans }
}

async function putDelta(store: ObjectStore, id: DeltaId, entry: Entry): Promise<void> {
  const delta = { added: [{ entry, ifAbsent: false }], removed: [] }
  await store.put(deltaKey(LOCATION.deltaFolder, id), encodeDelta(delta), { when: 'absent' })
}

const uploads = new Map<string, ChartUpload>()

/** A chart archive that differs from others of its version by one letter. */
export function makeUpload(version: string, content: string): ChartUpload {
  const source = `${version}=${content}`
  const known = uploads.get(source)
  if (known !== undefined) return known
  const bytes = tgz({ name: `${CHART}/Chart.yaml`, content: `apiVersion: v2\nname: ${CHART}\nversion: ${version}\n# ${content}\n` })
  const digest = createHash('sha256').update(bytes).digest('hex')
  const metadata = { name: CHART, version, apiVersion: 'v2' }
  const upload = { name: CHART, version, digest, bytes, provenance: undefined, metadata, source }
  uploads.set(source, upload)
  return upload
}
