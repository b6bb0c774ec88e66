import type { Behaviour, Race, RawProbe } from './probe/behaviours.ts'

/** What a repository can rely on, as docs/STORES.md defines it under "What is needed". */
export type StoreLevel = 'exact' | 'exact but for deletes' | 'index only' | 'unsafe'

export interface DerivedLevel {
  readonly level: StoreLevel
  /** Why it is no better one; empty for `exact`. */
  readonly why: readonly string[]
}

type Check = (record: RawProbe) => readonly string[]

/** The level by what the raw requests have shown, without the code of the program. */
export function deriveLevel(record: RawProbe): DerivedLevel {
  const levels: readonly (readonly [StoreLevel, Check])[] = [
    ['unsafe', unsafeBecause],
    ['index only', inexactBecause],
    ['exact but for deletes', deletesBecause],
  ]
  for (const [level, check] of levels) {
    const why = check(record)
    if (why.length > 0) return { level, why }
  }
  return { level: 'exact', why: [] }
}

/** A race that is lost in fewer rounds than this part of all may be lost in none of another run. */
const OFTEN = 1 / 3

/** Whether a race was lost, but in few rounds. */
export function isRare({ bad, rounds }: Race): boolean {
  return bad > 0 && bad < rounds * OFTEN
}

const RACES = ['create', 'swap', 'remove'] as const

/**
 * The levels that another probe of the same store may come to. Each race that has shown in few rounds may stay unseen,
 * and each that is known from other runs may show.
 * @param rare races of which several winners are known, though not in each run
 */
export function possibleLevels({ races, words }: RawProbe, rare: readonly Behaviour[] = []): ReadonlySet<StoreLevel> {
  const unsteady = RACES.filter((race) => isRare(races[race]) || rare.includes(`${race}-race`))
  const runs = unsteady.reduce(
    (all, race) =>
      ['one winner', 'several winners'].flatMap((outcome) =>
        all.map((each) => ({ ...each, [`${race}-race`]: outcome })),
      ),
    [words],
  )
  return new Set(runs.map((each) => deriveLevel({ races, words: each }).level))
}

const isSuccess = (words: string): boolean => words.startsWith('2')
const isRefusal = (words: string): boolean => /^(?:404|409|412)\b/.test(words)

function unsafeBecause({ words }: RawProbe): readonly string[] {
  const why: string[] = []
  if (words.shows !== 'at once') why.push(`reads are ${words.shows}`)
  for (const name of ['list-tokens', 'list-start-after', 'list-start-after-missing'] as const)
    if (words[name] !== 'complete and in order') why.push(`listings: ${words[name]}`)
  // In one folder they have to be in order: there deltas are, and are asked for by start-after.
  if (!words['list-order'].startsWith('by bytes')) why.push(`listings: ${words['list-order']}`)
  if (/none in .*LIST/.test(words.etags)) why.push('listings: without ETags')
  if (words['bodies-race'] !== 'one of them') why.push(`writers at once leave ${words['bodies-race']}`)
  if (!isSuccess(words['create-new'])) why.push(`creation is refused: ${words['create-new']}`)
  if (!isSuccess(words['create-existing']) && !isRefusal(words['create-existing']))
    why.push(`creation: ${words['create-existing']}`)
  if (!isSuccess(words['swap-current']) && !isSuccess(words['swap-unquoted']))
    why.push(`replacement is refused: ${words['swap-current']}`)
  for (const name of ['create-race', 'swap-race'] as const)
    if (words[name] === 'no winner') why.push(`${name}: no winner`)
  return [...new Set(why)]
}

function inexactBecause({ words }: RawProbe): readonly string[] {
  const why: string[] = []
  if (isSuccess(words['create-existing'])) why.push('creation ignores its condition')
  else if (words['create-race'] !== 'one winner') why.push(`creation: ${words['create-race']}`)
  if (isSuccess(words['swap-stale']) || isSuccess(words['swap-missing'])) why.push('replacement ignores its condition')
  else if (words['swap-race'] !== 'one winner') why.push(`replacement: ${words['swap-race']}`)
  return why
}

function deletesBecause({ words }: RawProbe): readonly string[] {
  const stale = words['remove-stale']
  if (stale.endsWith('gone')) return ['deletion ignores its condition']
  if (!isRefusal(stale)) return [`deletion with a condition is refused: ${stale}`]
  const takes = [words['remove-current'], words['remove-unquoted']].some((each) => each.endsWith('gone'))
  if (!takes) return [`deletion refuses the current ETag: ${words['remove-current']}`]
  return words['remove-race'] === 'one winner' ? [] : [`deletion: ${words['remove-race']}`]
}
