import type { FoldedDelta } from '../../lib/core/bookkeeping.ts'
import { makeEntry } from '../../lib/core/chart-entry.ts'
import { type DeltaId, deltaKey, makeDeltaId } from '../../lib/core/delta-id.ts'
import { encodeDelta } from '../../lib/core/delta-text.ts'
import type { Entry } from '../../lib/core/entry.ts'
import { emptyIndexText } from '../../lib/core/index/index-text.ts'
import { archiveFileName, archiveKey } from '../../lib/core/keys.ts'
import { archiveMetadata } from '../../lib/core/object-metadata.ts'
import { CHART, LOCATION, makeUpload } from './charts.ts'
import type { World } from './world.ts'

/** Puts into the bucket what stands there at the start, as the mix has it. */
export async function layOut(world: World): Promise<void> {
  const { mix, random, store, time } = world
  const longAgo = time.now - 7_200_000
  const entries: Entry[] = []
  const folded = new Map<DeltaId, FoldedDelta>()
  for (const version of world.versions) {
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
      world.orphans.add(version)
      continue
    }
    const entry = makeEntry(upload.metadata, {
      digest: upload.digest,
      url: archiveFileName(upload),
      created: new Date(longAgo + 1000).toISOString(),
    })
    world.initial.set(version, upload.digest)
    if (random.chance(mix.pendingDeltas)) {
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
  const index = emptyIndexText(form).withHeader({
    bookkeeping: { generation: 1, writeId: 'start', folded },
    generated: new Date(longAgo).toISOString(),
  })
  const bytes = (entries.length > 0 ? index.withCharts(new Map([[CHART, entries]])) : index).toBytes()
  await store.put(LOCATION.indexKey, bytes, { when: 'always' })
}

async function putDelta({ store }: World, id: DeltaId, entry: Entry): Promise<void> {
  const delta = { added: [{ entry, ifAbsent: false }], removed: [] }
  await store.put(deltaKey(LOCATION.deltaFolder, id), encodeDelta(delta), { when: 'absent' })
}
