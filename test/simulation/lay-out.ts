import type { Bookkeeping, FoldedDelta } from '../../lib/core/log/bookkeeping.ts'
import { makeEntry } from '../../lib/core/log/chart-entry.ts'
import { type DeltaId, deltaKey, makeDeltaId } from '../../lib/core/log/delta-id.ts'
import { encodeDelta } from '../../lib/core/log/delta-text.ts'
import type { Entry } from '../../lib/core/log/entry.ts'
import { emptyIndexText } from '../../lib/core/index/index-text.ts'
import { archiveFileName, archiveKey } from '../../lib/core/keys.ts'
import { WRITE_METADATA, archiveMetadata } from '../../lib/core/object-metadata.ts'
import { sha256Of } from '../../lib/sys/sha256.ts'
import { CHART, LOCATION, digestOf, makeUpload } from './charts.ts'
import { SMALL_PAGES, putNeighbours } from './neighbours.ts'
import type { World } from './world.ts'

const MINUTE = 60_000

/** Puts the objects into the bucket with which the schedule starts, as the mix says. */
export async function layOut(world: World): Promise<void> {
  const { mix, random, store, time } = world
  const longAgo = time.now - 7_200_000
  const entries: Entry[] = []
  const folded = new Map<DeltaId, FoldedDelta>()
  const legacy = random.chance(mix.legacy) ? await addLegacyNote(world, folded) : undefined
  for (const version of world.versions) {
    const state = random.pick(mix.start)
    if (state === 'none') continue
    const upload = makeUpload(version, 'A')
    // A pending delta has a higher id than the note: the compaction that wrote the note folded all that was there.
    const isPending = random.chance(mix.pendingDeltas) && (legacy === undefined || legacy < time.now - 20_000)
    const id = makeDeltaId(isPending && legacy !== undefined ? time.now - 20_000 : longAgo, random.bytes(10))
    await store.put(archiveKey(LOCATION, upload), upload.bytes, {
      when: 'always',
      sha256: upload.digest,
      metadata: archiveMetadata({ metadata: upload.metadata, digest: upload.digest, delta: id }),
    })
    if (state === 'orphan') {
      world.orphans.add(version)
      continue
    }
    const entry = makeEntry(upload.metadata, {
      digest: upload.digest,
      url: archiveFileName(upload),
      created: new Date(longAgo + 1000).toISOString(),
    })
    world.initial.set(version, upload.digest)
    if (isPending) {
      await putDelta(world, id, entry)
      continue
    }
    entries.push(entry)
    if (random.chance(mix.oldDeltas)) {
      const age = random.chance(0.5) ? 50_000 : mix.graceWindow + random.below(300_000)
      folded.set(id, { at: time.now - age, touched: [{ name: CHART, version }], gone: undefined })
      await putDelta(world, id, entry)
    }
  }
  const form = random.chance(0.1) ? 'yaml' : 'json'
  const neighbours = world.hasPages ? await putNeighbours(world) : new Map<string, Entry[]>()
  const charts = new Map([...neighbours, ...(entries.length > 0 ? [[CHART, entries] as const] : [])])
  const index = emptyIndexText(form)
    .withCharts(charts)
    .withHeader({
      bookkeeping: { generation: 1, writeId: 'start', folded, ...findingsIn(world) },
      generated: new Date(longAgo).toISOString(),
    })
  const segments = world.hasPages ? world.product.layOut.layOut(index, SMALL_PAGES.sizes, sha256Of) : 'whole'
  const bytes = segments === 'whole' ? index.toBytes() : Buffer.concat(segments.flatMap(({ bytes }) => bytes ?? []))
  await store.put(LOCATION.indexKey, bytes, { when: 'always', metadata: { [WRITE_METADATA]: 'start' } })
}

/** What an earlier compaction has found out about composed writes, mostly. */
function findingsIn({ composing, time }: World): Pick<Bookkeeping, 'composes'> {
  if (composing === 'unknown') return {}
  const place = digestOf(Buffer.from('memory')).slice(0, 16)
  return { composes: new Map([[place, { works: composing === 'works', at: time.now - 1000 - (time.now % 1000) }]]) }
}

/**
 * Notes a large delta that an early release has folded without saying what it touched. Its id is below all that follow,
 * or above some; it may be collected or still be there. It was about another chart. Returns the time in its id.
 */
async function addLegacyNote({ mix, random, store, time }: World, folded: Map<DeltaId, FoldedDelta>): Promise<number> {
  const at = time.now - mix.graceWindow - random.below(10 * MINUTE)
  const lead = random.chance(0.5) ? -10 * MINUTE : random.below(random.chance(0.5) ? 20_000 : 10 * MINUTE)
  const id = makeDeltaId(time.now + lead, random.bytes(10))
  const isCollected = random.chance(0.6)
  folded.set(id, { at, touched: '*', gone: isCollected && random.chance(0.5) ? at + MINUTE : undefined })
  if (isCollected) return time.now + lead
  const removal = { name: 'other', version: '1.0.0', digest: 'f'.repeat(64) }
  await store.put(deltaKey(LOCATION.deltaFolder, id), encodeDelta({ added: [], removed: [removal] }), {
    when: 'absent',
  })
  return time.now + lead
}

async function putDelta({ store }: World, id: DeltaId, entry: Entry): Promise<void> {
  const delta = { added: [{ entry, ifAbsent: false }], removed: [] }
  await store.put(deltaKey(LOCATION.deltaFolder, id), encodeDelta(delta), { when: 'absent' })
}
