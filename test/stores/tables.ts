import type { StoreLevel } from './level.ts'
import { type Behaviour, BEHAVIOURS, type Race } from './probe/behaviours.ts'
import type { Results, StoreResult } from './results.ts'

/** What a user may rely on. */
const RELIABLE: Readonly<Record<StoreLevel, string>> = {
  exact: 'everything',
  'exact but for deletes': 'everything, until a deletion and a forced push of one version meet',
  'index only': 'no chart is lost from the index; two pushes of one version at once are not told apart',
  unsafe: 'nothing: use it for tests alone',
}

/** One line for each store: its level, and what a user may rely on. */
export function levelsTable(results: Results): string {
  return table(
    [
      'store',
      'version',
      'measured',
      'level',
      'you may rely on',
      'why no better one',
      'contract',
      'life of a repository',
      'after SIGKILL',
    ],
    Object.values(results).map((result) => [
      result.title,
      result.version,
      result.date,
      code(result.level),
      RELIABLE[result.level],
      result.why.join('; '),
      contractWords(result),
      lifeWords(result),
      result.probe.words['restart-killed'],
    ]),
  )
}

function contractWords({ contract: { fails, passes } }: StoreResult): string {
  const all = passes + fails.length
  return fails.length === 0 ? `all ${String(all)}` : `${String(passes)} of ${String(all)}`
}

function lifeWords({ life }: StoreResult): string {
  if (life === undefined) return 'not lived'
  const { because = [], differs, fails, works } = life
  const all = works + differs.length + fails.length
  const well = fails.length === 0 ? `all ${String(all)}` : `${String(all - fails.length)} of ${String(all)}`
  return [well, ...because].join('; ')
}

/** How each store keeps to the conditions of writes. */
export function conditionsTable(results: Results): string {
  return table(
    [
      'store',
      'PUT `If-None-Match: *`, key exists',
      '16 at once',
      'PUT `If-Match`, stale; key missing',
      'current ETag; without quotes',
      '16 at once',
      'DELETE `If-Match`, stale; current',
      'DELETE against 15 PUTs',
      'CompleteMultipartUpload `If-None-Match: *`; `If-Match`, stale',
    ],
    Object.values(results).map(({ probe: { races, words }, title }) => [
      title,
      words['create-existing'],
      raceWords(words['create-race'], races.create),
      both(words['swap-stale'], words['swap-missing']),
      both(words['swap-current'], words['swap-unquoted']),
      raceWords(words['swap-race'], races.swap),
      both(words['remove-stale'], words['remove-current']),
      raceWords(words['remove-race'], races.remove),
      both(words['complete-existing'], words['complete-stale']),
    ]),
  )
}

const both = (first: string, second: string): string => `${first}; ${second}`

function raceWords(outcome: string, { bad, errors, most, rounds, without }: Race): string {
  if (rounds === 0) return outcome
  const of = `of ${String(rounds)} rounds`
  return [
    bad > 0 ? `up to ${String(most)} winners, in ${String(bad)} ${of}` : `${outcome}, ${String(rounds)} rounds`,
    ...(without > 0 ? [`none in ${String(without)} ${of}`] : []),
    ...(errors > 0 ? [`${String(errors)} errors`] : []),
  ].join('; ')
}

const IN_CONDITIONS: ReadonlySet<Behaviour> = new Set<Behaviour>([
  'create-existing',
  'create-race',
  'swap-stale',
  'swap-missing',
  'swap-current',
  'swap-unquoted',
  'swap-race',
  'remove-stale',
  'remove-current',
  'remove-race',
  'complete-existing',
  'complete-stale',
])

/** All other behaviours; those in which the stores do not differ stand in one column. */
export function alsoTable(results: Results): string {
  const stores = Object.values(results)
  const rows = (Object.keys(BEHAVIOURS) as Behaviour[])
    .filter((name) => !IN_CONDITIONS.has(name))
    .map((name) => [BEHAVIOURS[name], groups(stores, name)])
  return table(['request', 'what the stores do'], rows)
}

/** Each answer with the stores that give it; the answer of most comes first, without their names. */
function groups(stores: readonly StoreResult[], name: Behaviour): string {
  const byWords = new Map<string, string[]>()
  for (const { probe, title } of stores) {
    const words = probe.words[name]
    byWords.set(words, [...(byWords.get(words) ?? []), title])
  }
  const [first, ...others] = [...byWords].sort(([, a], [, b]) => b.length - a.length)
  if (first === undefined) return ''
  if (others.length === 0) return `all: ${first[0]}`
  return [`${first[0]}`, ...others.map(([words, titles]) => `**${titles.join(', ')}**: ${words}`)].join('; ')
}

function code(text: string): string {
  return `\`${text}\``
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}
