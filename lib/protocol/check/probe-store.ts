import type { Keeping, ProbeReport } from '../../core/check/check-store.ts'
import { hasCode } from '../../errors.ts'
import type { ETag, PutCondition, PutOutcome } from '../../store/object-store.ts'
import { OTHER_ETAG, ProbeObjects } from '../write/probe-objects.ts'
import type { Session } from '../session/session.ts'

/**
 * Writers at once, and rounds. A store that lets two of 16 writers win in every sixth round is found out by 99 of 100
 * probes.
 */
const WRITERS = 16
const ROUNDS = 30

/**
 * Finds out, by writing, what a store guarantees when several clients write at once. All objects are written below
 * {@link probeFolder} and removed at the end. An interrupted probe leaves objects there, which the next one removes.
 *
 * Cost: about 1000 PUTs, 36 DELETEs and 10 reads, of a few bytes each.
 * @throws HelmS3Error `denied` when these credentials may not write there
 */
export async function probeStore(session: Session): Promise<ProbeReport> {
  const objects = new ProbeObjects(session)
  const progress = session.track('Probing the store', 2 * ROUNDS)
  try {
    const showsAtOnce = await showsWritesAtOnce(objects)
    const comparesChecksums = await comparesChecksumsOf(objects)
    const create = await unlessRefused(() => raceCreations(objects, () => progress.advance()))
    const swap = await unlessRefused(() => raceSwaps(objects, () => progress.advance()))
    const remove = await unlessRefused(() => conditionalDelete(objects))
    return { create, swap, remove, comparesChecksums, showsAtOnce }
  } finally {
    progress.end()
    await objects.removeAll()
  }
}

async function showsWritesAtOnce(objects: ProbeObjects): Promise<boolean> {
  for (const text of ['first', 'second']) {
    await objects.put('shown', text, { when: 'always' })
    if ((await objects.text('shown')) !== text || !(await objects.isListed('shown'))) return false
  }
  await objects.delete('shown')
  return (await objects.head('shown')) === undefined && !(await objects.isListed('shown'))
}

async function comparesChecksumsOf(objects: ProbeObjects): Promise<boolean> {
  try {
    const { outcome } = await objects.put('checksum', 'bytes', { when: 'always', sha256: '0'.repeat(64) })
    return outcome !== 'written'
  } catch (error) {
    if (hasCode(error, 'store-failed')) return true
    throw error
  }
}

async function raceCreations(objects: ProbeObjects, advance: () => void): Promise<Keeping> {
  await objects.put('taken', 'first', { when: 'absent' })
  if ((await objects.put('taken', 'second', { when: 'absent' })).outcome === 'written') return 'ignored'
  for (let round = 0; round < ROUNDS; round++) {
    const { length } = winners(await race(objects, `create-${String(round)}`, 'absent', round))
    if (length > 1) return 'racy'
    // The store may have refused all of them because they came at once; a single write has to succeed.
    if (
      length === 0 &&
      (await objects.put(`create-alone-${String(round)}`, 'alone', { when: 'absent' })).outcome !== 'written'
    )
      return 'never'
    advance()
  }
  return 'exact'
}

async function raceSwaps(objects: ProbeObjects, advance: () => void): Promise<Keeping> {
  await objects.put('swap', 'first', { when: 'always' })
  if ((await objects.put('swap', 'second', { when: { match: OTHER_ETAG } })).outcome === 'written') return 'ignored'
  if ((await objects.put('swap-nothing', 'first', { when: { match: OTHER_ETAG } })).outcome === 'written')
    return 'ignored'
  for (let round = 0; round < ROUNDS; round++) {
    const head = await objects.head('swap')
    const { length } = winners(await race(objects, 'swap', { match: head?.etag ?? OTHER_ETAG }, round))
    if (length > 1) return 'racy'
    if (
      length === 0 &&
      (await objects.put('swap', 'alone', { when: { match: (await objects.head('swap'))?.etag ?? OTHER_ETAG } }))
        .outcome !== 'written'
    )
      return 'never'
    advance()
  }
  return 'exact'
}

async function conditionalDelete(objects: ProbeObjects): Promise<ProbeReport['remove']> {
  await objects.put('removed', 'first', { when: 'always' })
  await objects.delete('removed', OTHER_ETAG)
  const head = await objects.head('removed')
  if (head === undefined) return 'ignored'
  return (await objects.delete('removed', head.etag)).outcome === 'refused' ? 'never' : 'exact'
}

function race(objects: ProbeObjects, name: string, when: PutCondition, round: number): Promise<readonly PutOutcome[]> {
  const writers = Array.from({ length: WRITERS }, (_, writer) => `${String(round)} ${String(writer)}`)
  return Promise.all(writers.map((text) => objects.put(name, text, { when })))
}

function winners(outcomes: readonly PutOutcome[]): readonly ETag[] {
  return outcomes.flatMap((put) => (put.outcome === 'written' ? [put.etag] : []))
}

async function unlessRefused<T extends Keeping>(probe: () => Promise<T>): Promise<T | 'refused'> {
  try {
    return await probe()
  } catch (error) {
    if (hasCode(error, 'unsupported-store')) return 'refused'
    throw error
  }
}
