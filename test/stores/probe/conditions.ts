import type { RawAnswer } from '../raw-client.ts'
import type { Races } from './behaviours.ts'
import { type Lab, STALE, isDone, said, unquoted } from './lab.ts'
import { outcomeOf, runRaces } from './races.ts'

/** Conditions of single PUTs and DELETEs, and races of them. */
export async function probeConditions(lab: Lab, rounds: number) {
  const creations = await singleCreations(lab)
  const swaps = await singleSwaps(lab)
  const removals = await singleRemovals(lab)
  const races: Races = await runRaces(lab, rounds, {
    isQuoted: swaps['swap-current'].startsWith('2'),
    canRemove: removals['remove-stale'].endsWith('kept') && removals['remove-current'].endsWith('gone'),
  })
  const words = {
    ...creations,
    ...swaps,
    ...removals,
    'create-race': outcomeOf(races.create),
    'swap-race': outcomeOf(races.swap),
    'remove-race': outcomeOf(races.remove),
  }
  return { words, races }
}

async function singleCreations(lab: Lab) {
  const absent = { 'if-none-match': '*' }
  const fresh = await lab.put('create/new', 'first', absent)
  await lab.put('create/existing', 'first')
  const existing = await lab.put('create/existing', 'second', absent)
  return {
    'create-new': said(fresh),
    'create-existing': await withFate(lab, existing, 'create/existing', 'first'),
  }
}

async function singleSwaps(lab: Lab) {
  const swap = async (key: string, etag: string): Promise<RawAnswer> => lab.put(key, 'second', { 'if-match': etag })
  for (const key of ['swap/stale', 'swap/current', 'swap/unquoted']) await lab.put(key, 'first')
  const stale = await swap('swap/stale', STALE)
  return {
    'swap-stale': await withFate(lab, stale, 'swap/stale', 'first'),
    'swap-missing': said(await swap('swap/missing', STALE)),
    'swap-current': said(await swap('swap/current', await lab.etag('swap/current'))),
    'swap-unquoted': said(await swap('swap/unquoted', unquoted(await lab.etag('swap/unquoted')))),
  }
}

async function singleRemovals(lab: Lab) {
  const remove = async (key: string, etag: (shown: string) => string): Promise<string> => {
    await lab.put(key, 'first')
    const answer = await lab.delete(key, { 'if-match': etag(await lab.etag(key)) })
    return `${said(answer)}, ${(await lab.head(key)).status === 404 ? 'gone' : 'kept'}`
  }
  return {
    'remove-stale': await remove('remove/stale', () => STALE),
    'remove-current': await remove('remove/current', (etag) => etag),
    'remove-unquoted': await remove('remove/unquoted', unquoted),
    'remove-missing': said(await lab.delete('remove/missing', { 'if-match': STALE })),
  }
}

/** What was said, and whether the old object is still there. */
export async function withFate(lab: Lab, answer: RawAnswer, key: string, before: string): Promise<string> {
  const isKept = (await lab.text(key)) === before
  if (isDone(answer)) return `${said(answer)}, ${isKept ? 'and does nothing' : 'overwrites'}`
  return isKept ? said(answer) : `${said(answer)}, and overwrites`
}
