import { formatCount } from '../../text/format.ts'
import { type Finding, finding } from './finding.ts'
import type { FindingCode } from './finding-kinds.ts'
import { type ComposingReport, type ProbeReport, type Race, isUseless } from './probe-report.ts'

/** The findings of a probe. */
export function checkStore(probe: ProbeReport): readonly Finding[] {
  const { bodies, comparesChecksums, etags, listings, showsAtOnce } = probe
  return [
    ...when(!showsAtOnce, 'store-stale-reads', 'a write or a delete was not visible at once'),
    ...when(listings.fault !== undefined, 'store-listings-wrong', listings.fault ?? ''),
    ...when(bodies !== undefined, 'store-mixes-bodies', bodies ?? ''),
    ...checkConditions(probe),
    ...checkClocks(probe.clocks),
    ...when(etags === 'bare', 'store-bare-etags', 'If-Match with the current ETag in quotes is refused'),
    ...checkReads(probe.reads),
    ...checkComposing(probe.composing),
    ...when(!listings.isPaged, 'store-pages-untried', 'it gives more objects on a page than it was asked for'),
    ...when(!comparesChecksums, 'store-ignores-checksums', 'a PUT with a wrong checksum was accepted'),
  ]
}

function when(isFound: boolean, code: FindingCode, detail: string): readonly Finding[] {
  return isFound ? [finding(code, detail)] : []
}

const WITHOUT_CONDITION: Readonly<Record<Exclude<Race['keeping'], 'exact' | 'racy'>, string>> = {
  ignored: 'the condition is ignored',
  never: 'it refuses the very ETag that it shows: archives are looked at just before, and deleted without a condition',
  refused: 'it answers with an error: archives are looked at just before, and deleted without a condition',
}

function checkConditions({ create, remove, swap }: ProbeReport): readonly Finding[] {
  const refused = [
    ...(isUseless(create) ? ['If-None-Match: * where nothing is'] : []),
    ...(isUseless(swap) ? ['If-Match with the current ETag'] : []),
  ]
  const how = [create, swap].some(({ keeping }) => keeping === 'never')
    ? ': none of several writers won'
    : ', with an error'
  const without = [
    ...(create.withoutWinner > 0 ? [`${inRounds(create.withoutWinner, create)} of creations`] : []),
    ...(swap.withoutWinner > 0 ? [`${inRounds(swap.withoutWinner, swap)} of replacements`] : []),
  ]
  const { keeping } = remove
  return [
    ...when(refused.length > 0, 'store-refuses-conditions', `it refuses ${refused.join(', and ')}${how}`),
    ...when(isLoose(create), 'store-create-races', raced(create)),
    ...when(isLoose(swap), 'store-swap-races', raced(swap)),
    ...when(
      keeping !== 'exact',
      'store-deletes-always',
      keeping === 'exact' || keeping === 'racy'
        ? `a DELETE took away what had just been put in the place of its object, ${inRounds(remove.wrong, remove)}`
        : WITHOUT_CONDITION[keeping],
    ),
    ...when(
      without.length > 0,
      'store-without-winner',
      `${without.join(', and ')}; after each a single write succeeded`,
    ),
  ]
}

function isLoose({ keeping }: Race): boolean {
  return keeping === 'racy' || keeping === 'ignored'
}

function raced(race: Race): string {
  if (race.keeping === 'ignored') return 'the condition is ignored'
  const won = race.most > 1 ? `, up to ${String(race.most)} at once` : ''
  return `more than one of several writers won ${inRounds(race.wrong, race)}${won}`
}

function inRounds(count: number, { rounds }: Race): string {
  return `in ${String(count)} of ${formatCount(rounds, 'round')}`
}

function checkReads({ end, range, unchanged }: ProbeReport['reads']): readonly Finding[] {
  const sends = [
    ...(unchanged ? [] : ['an object that has not changed']),
    ...(range ? [] : ['more than the range that was asked for']),
    ...(end ? [] : ['more than the end that was asked for']),
  ]
  return when(sends.length > 0, 'store-sends-whole', `it sends ${sends.join(', and ')}`)
}

function checkComposing({ copy, create, swap }: ComposingReport): readonly Finding[] {
  const said = (what: string, how: string): readonly string[] =>
    how === 'exact' ? [] : [`${what}: ${how === 'never' ? 'refused even with the current ETag' : how}`]
  const faults = [
    ...said('UploadPartCopy with the ETag of its source', copy),
    ...said('CompleteMultipartUpload with If-Match', swap),
    ...said('CompleteMultipartUpload with If-None-Match: *', create),
  ]
  return when(faults.length > 0, 'store-composes-not', faults.join('; '))
}

/** Milliseconds. The clocks of the servers of one store may differ by this much without harm. */
const HARMLESS = 5000

function checkClocks({ apart, lastModified }: ProbeReport['clocks']): readonly Finding[] {
  const seconds = (milliseconds: number): string => `${String(Math.round(Math.abs(milliseconds) / 1000))} s`
  return [
    ...when(apart > HARMLESS, 'store-clocks-differ', `the dates of two answers are ${seconds(apart)} apart`),
    ...when(
      Math.abs(lastModified) > HARMLESS,
      'store-clocks-differ',
      `LastModified is ${seconds(lastModified)} ${lastModified > 0 ? 'ahead of' : 'behind'} the date of the answer`,
    ),
  ]
}

/** Milliseconds. A smaller difference may be the time that an answer takes to arrive. */
const NOTICEABLE = 10_000
/** Milliseconds. AWS refuses a request whose clock is off by 15 minutes. */
const FAR = 5 * 60_000

/** Checks the clocks. `skew`: milliseconds by which the store's clock is ahead of the local one. */
export function checkClock(skew: number): readonly Finding[] {
  const size = Math.abs(skew)
  if (size < NOTICEABLE) return []
  const text = `it is ${String(Math.round(size / 1000))} s ${skew > 0 ? 'behind' : 'ahead'}`
  return [finding(size > FAR ? 'clock-skewed' : 'clock-differs', text)]
}

/**
 * A permission of an IAM policy, and whether these credentials have it. Undefined: it was not tried, or the answer does
 * not tell.
 */
export interface Permission {
  readonly action: 's3:ListBucket' | 's3:GetObject' | 's3:PutObject' | 's3:DeleteObject'
  /** The ARN, in the form that a policy uses. */
  readonly resource: string
  readonly granted: boolean | undefined
}

export function checkPermissions(permissions: readonly Permission[]): readonly Finding[] {
  return permissions
    .filter(({ granted }) => granted === false)
    .map(({ action, resource }) =>
      finding(
        action === 's3:ListBucket' || action === 's3:GetObject'
          ? 'permission-read-missing'
          : 'permission-write-missing',
        `${action} on ${resource}`,
      ),
    )
}
