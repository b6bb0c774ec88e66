import type { Race, Races } from './behaviours.ts'
import { type Lab, isDone, unquoted } from './lab.ts'

export const WRITERS = 16

const REFUSALS = new Set([404, 409, 412])

/** What one round has shown. */
interface Round {
  readonly winners: number
  readonly isNever: boolean
  readonly isOtherBody: boolean
  readonly errors: number
}

interface Contest {
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
  /** Also deletes the object, on the same condition, among the others. */
  readonly withDelete?: boolean
  /** Whether a writer succeeds who comes alone, after a round without a winner. */
  readonly alone: () => Promise<boolean>
}

/**
 * Races of 16 requests at once, of which at most one may succeed.
 * @param isQuoted whether the store takes its current ETag in quotes
 */
export async function runRaces(
  lab: Lab,
  rounds: number,
  { canRemove, isQuoted }: { readonly canRemove: boolean; readonly isQuoted: boolean },
): Promise<Races> {
  const shown = async (key: string): Promise<string> => {
    const etag = await lab.etag(key)
    return isQuoted ? etag : unquoted(etag)
  }
  const create = (round: number): Promise<Contest> => {
    const headers = { 'if-none-match': '*' }
    const alone = async (): Promise<boolean> => isDone(await lab.put(`race/alone-${String(round)}`, 'alone', headers))
    return Promise.resolve({ key: `race/create-${String(round)}`, headers, alone })
  }
  const swapOn = (key: string, withDelete: boolean) => async (): Promise<Contest> => {
    if ((await lab.head(key)).status !== 200) await lab.put(key, 'before')
    const alone = async (): Promise<boolean> => isDone(await lab.put(key, 'alone', { 'if-match': await shown(key) }))
    return { key, headers: { 'if-match': await shown(key) }, withDelete, alone }
  }
  return {
    create: await race(lab, rounds, create),
    swap: await race(lab, rounds, swapOn('race/swap', false)),
    remove: await race(lab, canRemove ? rounds : 0, swapOn('race/remove', true)),
  }
}

async function race(lab: Lab, rounds: number, contest: (round: number) => Promise<Contest>): Promise<Race> {
  const shown: Round[] = []
  for (let round = 0; round < rounds; round++) shown.push(await playRound(lab, await contest(round), round))
  const count = (has: (round: Round) => boolean): number => shown.filter(has).length
  return {
    rounds,
    bad: count(({ winners }) => winners > 1),
    most: Math.max(0, ...shown.map(({ winners }) => winners)),
    without: count(({ winners }) => winners === 0),
    never: count(({ isNever }) => isNever),
    otherBody: count(({ isOtherBody }) => isOtherBody),
    errors: shown.reduce((sum, { errors }) => sum + errors, 0),
  }
}

async function playRound(lab: Lab, contest: Contest, round: number): Promise<Round> {
  const { alone, headers, key, withDelete = false } = contest
  const bodies = Array.from({ length: withDelete ? WRITERS - 1 : WRITERS }, (_, i) => `${String(round)}-${String(i)}`)
  const [writes, removals] = await Promise.all([
    Promise.all(bodies.map(async (body) => ({ body, answer: await lab.put(key, body, headers) }))),
    Promise.all(withDelete ? [lab.delete(key, headers)] : []),
  ])
  const written = writes.filter(({ answer }) => isDone(answer)).map(({ body }) => body)
  const winners = written.length + removals.filter(isDone).length
  const answers = [...writes.map(({ answer }) => answer), ...removals]
  return {
    winners,
    isNever: winners === 0 && !(await alone()),
    // Of several winners any may stand.
    isOtherBody: winners === 1 && (await lab.text(key)) !== written[0],
    errors: answers.filter((answer) => !isDone(answer) && !REFUSALS.has(answer.status)).length,
  }
}

/** A race in words, without its counts. */
export function outcomeOf({ bad, never, otherBody, rounds }: Race): string {
  if (rounds === 0) return 'not tried'
  if (bad > 0) return 'several winners'
  if (never > 0) return 'no winner'
  return otherBody > 0 ? 'one winner, and something else stands' : 'one winner'
}
