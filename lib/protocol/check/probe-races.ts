import { DEFAULT_ROUNDS, type Keeping, type Race } from '../../core/check/probe-report.ts'
import { HelmS3Error, hasCode } from '../../errors.ts'
import type { DeleteOutcome, ETag, NotDone, PutCondition, PutOutcome } from '../../store/object-store.ts'
import type { Clock } from '../../sys/clock.ts'
import { OTHER_ETAG, type ProbeObjects } from '../write/probe-objects.ts'

/** Requests at once in one round. */
export const WRITERS = 16

/** A single write is sent so often before it is believed that it never succeeds. */
const ATTEMPTS = 3

export interface RaceOptions {
  readonly objects: ProbeObjects
  /** Rounds to run when none goes wrong. */
  readonly rounds: number
  /** Called after each round. */
  readonly advance: () => void
}

export interface DeletionOptions extends RaceOptions {
  readonly clock: Pick<Clock, 'sleep'>
}

/** How the delay of a DELETE changes after a round that the writers have won, and after one that the DELETE has won. */
const SOONER = 0.8
const LATER = 1.25

/** What one round has shown. `without`: nobody won, and then a single write did; `never`: not even that. */
type Round = { readonly winners: number; readonly isWrong: boolean } | 'without' | 'never'

/**
 * `If-None-Match: *`: asked once where an object is, then by {@link WRITERS} at once where none is.
 *
 * Cost: 3 requests, and for each round a PUT for each writer, a GET and a DELETE.
 */
export async function raceCreations({ objects, ...options }: RaceOptions): Promise<Race> {
  const single = await createsOverObject(objects)
  if (single !== 'exact') return unraced(single)
  return run(options, async (round) => {
    const name = `create-${String(round)}`
    const result = await raceWriters(objects, name, 'absent', round)
    await objects.delete(name)
    return result
  })
}

async function createsOverObject(objects: ProbeObjects): Promise<'exact' | 'ignored' | 'refused'> {
  await place(objects, 'taken', 'first')
  const second = await tried(() => objects.put('taken', 'second', { when: 'absent' }))
  if (second === 'refused') return second
  // A store may also say that it has refused a write, and carry it out.
  return (await objects.text('taken')) === 'first' ? 'exact' : 'ignored'
}

/**
 * `If-Match`: asked once with the ETag of another object, once where there is none, then by {@link WRITERS} at once
 * with the current ETag.
 *
 * Cost: 6 requests, and for each round a PUT for each writer, a GET and a HEAD.
 */
export async function raceSwaps({ objects, ...options }: RaceOptions): Promise<Race> {
  const single = await swapsOtherObject(objects)
  if (single !== 'exact') return unraced(single)
  let etag = (await objects.get('swap'))?.etag ?? OTHER_ETAG
  return run(options, async (round) => {
    const result = await raceWriters(objects, 'swap', { match: etag }, round)
    etag = (await objects.head('swap'))?.etag ?? OTHER_ETAG
    return result
  })
}

async function swapsOtherObject(objects: ProbeObjects): Promise<'exact' | 'ignored' | 'refused'> {
  const when = { match: OTHER_ETAG }
  await place(objects, 'swap', 'first')
  for (const [name, stands] of [
    ['swap', 'first'],
    ['swap-nothing', undefined],
  ] as const) {
    if ((await tried(() => objects.put(name, 'second', { when }))) === 'refused') return 'refused'
    if ((await objects.text(name)) !== stands) return 'ignored'
  }
  return 'exact'
}

/**
 * `If-Match` on DELETE: asked once with the ETag of another object, once with the current one, and then in rounds
 * together with writers that replace the object on the same condition: what a writer was told that it has put has to
 * stand. The DELETE is sent at the moment at which it and the writers win by turns, because it goes wrong only when it
 * comes between the two: the delay is adapted from round to round.
 *
 * Cost: 6 requests, and for each round a PUT or DELETE for each of {@link WRITERS}, a PUT and a GET.
 */
export async function raceDeletions({ clock, objects, ...options }: DeletionOptions): Promise<Race> {
  const single = await deletesOtherObject(objects)
  if (single !== 'exact') return unraced(single)
  let delay = 0
  const race = await run(options, async (round) => {
    const match = await place(objects, 'removed', `before ${String(round)}`)
    const texts = Array.from({ length: WRITERS - 1 }, (_, writer) => `${String(round)} ${String(writer)}`)
    const writers = texts.map((text) => () => objects.put('removed', text, { when: { match } }))
    const deletion = async (): Promise<DeleteOutcome> => {
      if (delay >= 1) await clock.sleep(delay)
      return objects.delete('removed', match)
    }
    const outcomes = await atOnce<PutOutcome | DeleteOutcome>([...writers, deletion])
    const hasWritten = outcomes.some(({ outcome }) => outcome === 'written')
    const isWrong = hasWritten && (await objects.text('removed')) === undefined
    delay = hasWritten ? delay * SOONER : delay * LATER + 1
    return { winners: 0, isWrong }
  })
  await bringIntoView(objects, 'removed')
  return race
}

/**
 * Writes an object once more, so that it can be removed. Where a DELETE and a PUT have crossed, rclone 1.76 may keep
 * the object and show it in no answer until minutes have passed or it is started again; a DELETE does nothing
 * meanwhile.
 */
async function bringIntoView(objects: ProbeObjects, name: string): Promise<void> {
  await tried(() => objects.put(name, 'last', { when: 'always' }))
}

async function deletesOtherObject(objects: ProbeObjects): Promise<'exact' | 'ignored' | 'refused' | 'never'> {
  await place(objects, 'removed', 'first')
  const other = await unlessUnsupported(() => objects.delete('removed', OTHER_ETAG))
  if (other === 'refused') return 'refused'
  const head = await objects.head('removed')
  if (head === undefined) return 'ignored'
  const current = await unlessUnsupported(() => objects.delete('removed', head.etag))
  if (current === 'refused') return 'refused'
  return (await objects.head('removed')) === undefined ? 'exact' : 'never'
}

function unraced(keeping: Keeping): Race {
  return { keeping, rounds: 0, wrong: 0, most: 0, withoutWinner: 0 }
}

/** Runs all rounds, and after one that went wrong only as many as tell how often that happens. */
async function run(
  { advance, rounds }: Omit<RaceOptions, 'objects'>,
  play: (round: number) => Promise<Round>,
): Promise<Race> {
  const seen = { rounds: 0, wrong: 0, most: 0, withoutWinner: 0 }
  while (seen.rounds < (seen.wrong > 0 ? Math.min(rounds, DEFAULT_ROUNDS) : rounds)) {
    const result = await unlessUnsupported(() => play(seen.rounds))
    seen.rounds++
    if (result === 'refused' || result === 'never') return { ...seen, keeping: result }
    if (result === 'without') seen.withoutWinner++
    else {
      seen.most = Math.max(seen.most, result.winners)
      if (result.isWrong) seen.wrong++
    }
    advance()
  }
  return { ...seen, keeping: seen.wrong > 0 ? 'racy' : 'exact' }
}

/** One round of writers at once. What stands afterwards has to be what the only winner has written. */
async function raceWriters(objects: ProbeObjects, name: string, when: PutCondition, round: number): Promise<Round> {
  const texts = Array.from({ length: WRITERS }, (_, writer) => `${String(round)} ${String(writer)}`)
  const puts = await atOnce(texts.map((text) => () => objects.put(name, text, { when })))
  const told = texts.filter((_, writer) => puts[writer]?.outcome === 'written')
  const stands = await objects.text(name)
  // A writer without an answer may have won.
  const won = texts.filter((text) => told.includes(text) || text === stands)
  if (won.length > 0)
    return { winners: won.length, isWrong: won.length > 1 || stands === undefined || !won.includes(stands) }
  return (await winsAlone(objects, name, when)) ? 'without' : 'never'
}

/** The store may have refused all of several writers because they came at once; a single one has to succeed. */
async function winsAlone(objects: ProbeObjects, name: string, when: PutCondition): Promise<boolean> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const put = await settled(() => objects.put(name, 'alone', { when }))
    if (put.outcome === 'written') return true
    if (put.outcome === 'refused' && put.isBusy !== true) return false
    if ((await objects.text(name)) === 'alone') return true
  }
  return false
}

/**
 * Writes an object, whatever is there.
 * @throws the error of the store when it does not take the object
 */
async function place(objects: ProbeObjects, name: string, text: string): Promise<ETag> {
  for (let attempt = 1; ; attempt++) {
    const put = await objects.put(name, text, { when: 'always' })
    if (put.outcome === 'written') return put.etag
    if (attempt === ATTEMPTS)
      throw new HelmS3Error('store-failed', `the store does not take an object without a condition: ${put.outcome}`, {
        cause: put.outcome === 'unknown' ? put.cause : undefined,
      })
  }
}

/** A request of a race. What the store fails with an error counts as not answered: the look afterwards tells. */
async function settled<T extends PutOutcome | DeleteOutcome>(request: () => Promise<T>): Promise<T | NotDone> {
  try {
    return await request()
  } catch (error) {
    if (hasCode(error, 'store-failed')) return { outcome: 'unknown', cause: error }
    throw error
  }
}

/** Sends requests at the same time, and waits until each has ended, also when one of them rejects. */
async function atOnce<T extends PutOutcome | DeleteOutcome>(
  requests: readonly (() => Promise<T>)[],
): Promise<readonly (T | NotDone)[]> {
  const ended = await Promise.allSettled(requests.map(settled))
  return ended.map((each) => {
    if (each.status === 'rejected') throw each.reason
    return each.value
  })
}

/** `refused`: the store does not know the condition, or answers it with an error. */
async function tried<T>(request: () => Promise<T>): Promise<T | 'refused'> {
  try {
    return await unlessUnsupported(request)
  } catch (error) {
    if (hasCode(error, 'store-failed')) return 'refused'
    throw error
  }
}

async function unlessUnsupported<T>(request: () => Promise<T>): Promise<T | 'refused'> {
  try {
    return await request()
  } catch (error) {
    if (hasCode(error, 'unsupported-store')) return 'refused'
    throw error
  }
}
