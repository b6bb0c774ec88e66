import type { ProbeReport } from '../../core/check/probe-report.ts'
import { HelmS3Error, hasCode } from '../../errors.ts'
import { compareBytes } from '../../text/byte-order.ts'
import type { ProbeObjects } from '../write/probe-objects.ts'

/** What keys may hold: what URLs and XML write otherwise, names that differ in their case, letters beyond ASCII. */
const ENDS = [
  'a',
  'a b',
  'a%20b',
  'a%b',
  'a&b',
  "a'b",
  'a+b',
  'a-b',
  'a.b',
  'a0',
  'a_b',
  'ab',
  'a~b',
  'a\u00e9',
  'b',
  'B',
]
const FOLDER = 'list/'
const NAMES = [...ENDS, 'a\u4e2d'].map((end) => FOLDER + end).sort(compareBytes)
/** Objects on a page: several pages, the last of which is not full. */
const PAGE = 5

/**
 * Lists objects on pages that follow each other by token and by `StartAfter`: all keys, each once, as they are, in the
 * order of their bytes.
 *
 * Cost: {@link NAMES} PUTs, and about 10 LISTs.
 */
export async function probeListings(objects: ProbeObjects): Promise<ProbeReport['listings']> {
  let isPaged = false
  try {
    for (const name of NAMES) await objects.put(name, name, { when: 'always' })
    const byToken = await pagesByToken(objects)
    isPaged = byToken.length > 1
    const after = NAMES[PAGE] ?? ''
    const fault =
      wrongIn('on pages that follow by token', NAMES, byToken.flat()) ??
      wrongIn('on pages that follow by StartAfter', NAMES, await pagesByStart(objects)) ??
      wrongIn(
        'after a key that does not exist',
        NAMES.filter((name) => compareBytes(name, `${after}!`) > 0),
        (await objects.list(FOLDER, { after: `${after}!` })).names,
      )
    return { fault, isPaged: isPaged || fault !== undefined }
  } catch (error) {
    if (!(error instanceof HelmS3Error) || !(hasCode(error, 'store-failed') || hasCode(error, 'unsupported-store')))
      throw error
    return { fault: error.message, isPaged: true }
  }
}

async function pagesByToken(objects: ProbeObjects): Promise<readonly (readonly string[])[]> {
  const pages: (readonly string[])[] = []
  let token: string | undefined
  do {
    const { names, next } = await objects.list(FOLDER, { most: PAGE, ...(token === undefined ? {} : { token }) })
    pages.push(names)
    token = next
  } while (token !== undefined && pages.length <= NAMES.length)
  return pages
}

async function pagesByStart(objects: ProbeObjects): Promise<readonly string[]> {
  const seen: string[] = []
  for (let pages = 0; pages <= NAMES.length; pages++) {
    const after = seen.at(-1)
    const { names } = await objects.list(FOLDER, { most: PAGE, ...(after === undefined ? {} : { after }) })
    if (names.length === 0) break
    seen.push(...names)
  }
  return seen
}

function wrongIn(where: string, expected: readonly string[], listed: readonly string[]): string | undefined {
  const quoted = (name: string | undefined): string => JSON.stringify((name ?? '').slice(FOLDER.length))
  const missing = expected.filter((name) => !listed.includes(name))
  const foreign = listed.filter((name) => !expected.includes(name))
  if (missing.length > 0) return `${quoted(missing[0])} is missing ${where}`
  if (foreign.length > 0) return `${quoted(foreign[0])} is listed ${where}, and should not be`
  if (listed.length > expected.length) return `keys are listed twice ${where}`
  return listed.every((name, i) => name === expected[i])
    ? undefined
    : `keys are not in the order of their bytes ${where}`
}
