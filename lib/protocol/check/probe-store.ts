import { type ProbeReport, isUseless } from '../../core/check/probe-report.ts'
import { hasCode } from '../../errors.ts'
import { compareAnswerClocks } from '../../store/answer-clocks.ts'
import { probeComposing } from '../write/probe-composing.ts'
import { ProbeObjects } from '../write/probe-objects.ts'
import type { Session } from '../session/session.ts'
import { probeBodies, probeReads } from './probe-bodies.ts'
import { probeListings } from './probe-listings.ts'
import { raceCreations, raceDeletions, raceSwaps } from './probe-races.ts'

const RACES = 3
/** Steps of the progress beside the rounds. */
const OTHER_STEPS = 4

/**
 * Finds out, by writing, what a store guarantees when several clients write at once, and what else the protocol counts
 * on. All objects are written below {@link probeFolder} and removed at the end. An interrupted probe leaves objects
 * there, which the next one removes.
 *
 * Cost: 54 requests of a few bytes for each round (1620 for 30 rounds), of which 48 race;
 * about 160 others; 65 MiB are sent and 20 MiB read, see {@link probeBodies} and {@link probeComposing}.
 * @param rounds how many rounds each race has
 * @throws HelmS3Error `denied` when these credentials may not write there
 */
export async function probeStore(session: Session, rounds: number): Promise<ProbeReport> {
  const clocks = compareAnswerClocks(session.store, session.clock)
  const objects = new ProbeObjects({ ...session, store: clocks.store })
  const progress = session.track('Probing the store', RACES * rounds + OTHER_STEPS)
  const advance = (): void => progress.advance()
  const step = async <T>(probe: Promise<T>): Promise<T> => {
    const found = await probe
    advance()
    return found
  }
  try {
    const shown = await showsWrites(objects)
    const comparesChecksums = await comparesChecksumsOf(objects)
    const reads = await step(probeReads(objects))
    const listings = await step(probeListings(objects))
    const bodies = await step(probeBodies(objects))
    const options = { objects, rounds, advance }
    const create = await raceCreations(options)
    const swap = await raceSwaps(options)
    // Where nothing can be replaced, a DELETE meets nothing.
    const deletions = { ...options, clock: session.clock, rounds: isUseless(swap) ? 0 : rounds }
    const remove = await raceDeletions(deletions)
    const composing = await step(probeComposing(session))
    return {
      rounds,
      create,
      swap,
      remove,
      etags: objects.etagForm,
      comparesChecksums,
      showsAtOnce: shown.atOnce,
      listings,
      bodies,
      reads,
      composing,
      clocks: { apart: clocks.apart(), lastModified: shown.lastModified },
    }
  } finally {
    progress.end()
    await objects.removeAllOfRaces()
  }
}

/** `lastModified`: see {@link ProbeReport.clocks}. */
async function showsWrites(
  objects: ProbeObjects,
): Promise<{ readonly atOnce: boolean; readonly lastModified: number }> {
  let lastModified = 0
  for (const text of ['first', 'second']) {
    const put = await objects.put('shown', text, { when: 'always' })
    const listed = await objects.listed('shown')
    if ((await objects.text('shown')) !== text || listed === undefined) return { atOnce: false, lastModified }
    if (put.outcome === 'written') lastModified = listed.lastModified - put.date
  }
  await objects.delete('shown')
  const isGone = (await objects.head('shown')) === undefined && (await objects.listed('shown')) === undefined
  return { atOnce: isGone, lastModified }
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
