import { Buffer } from 'node:buffer'
import { type Lab, isDone, said } from './lab.ts'
import type { ListedPage } from './listed-page.ts'

/** A page ends between the two beyond ASCII: LocalStack fails one whose token names such a key. */
const MARKS = [' ', '+', '%', '~', 'é', '中', '&', "'", '%2F', 'a b', '(', '=', ',', ';', '@', '!', '$', ':']

/** Keys with what has to be encoded somewhere. */
const ODD = MARKS.map((mark, i) => `${odd(i)}${mark}x`)
/** Keys whose order by bytes is neither that of folders nor that of letters. */
const ORDER = ['-', '.', '/x', '0', 'B', '_', 'a', 'é'].map((end) => `list/order/deep${end}`)
/** In UTF-16 the second comes first. */
const ASTRAL = ['\uff5e', '\u{1f600}'].map((end) => `list/astral/${end}`)

const PAGE = 5
const MOST_PAGES = 20

/** What the odd key with this number begins with. */
function odd(number: number): string {
  return `list/odd/${String(number).padStart(2, '0')}`
}

/** ListObjectsV2. */
export async function probeListing(lab: Lab) {
  for (const key of [...ODD, ...ORDER, ...ASTRAL, 'list/folders/a/1', 'list/folders/a/2', 'list/folders/b'])
    await lab.put(key, 'x')
  const first = await lab.list({ prefix: 'list/odd/', 'max-keys': String(PAGE) })
  return {
    'list-tokens': await pages(lab, ({ token }) => (token === undefined ? undefined : { 'continuation-token': token })),
    'list-start-after': await pages(lab, ({ objects, token }) =>
      token === undefined ? undefined : { 'start-after': objects.at(-1)?.key ?? '' },
    ),
    'list-start-after-missing': await afterMissing(lab),
    'list-order': await order(lab, 'list/order/', ORDER),
    'list-order-astral': await order(lab, 'list/astral/', ASTRAL),
    'list-encoding': await encoding(lab),
    'list-count': first.count === undefined ? 'missing' : first.count === PAGE ? 'right' : 'wrong',
    'list-delimiter': await delimiter(lab),
    'list-none': await none(lab),
    'list-time': resolution((await lab.list({ prefix: 'list/odd/' })).objects.map(({ time }) => time)),
  }
}

/** All pages of the odd keys, in words. `next`: what to ask for the page after this one; undefined: it is the last. */
async function pages(
  lab: Lab,
  next: (page: ListedPage) => Readonly<Record<string, string>> | undefined,
): Promise<string> {
  const found: string[] = []
  let query: Readonly<Record<string, string>> | undefined = {}
  for (let page = 0; query !== undefined; page++) {
    if (page === MOST_PAGES) return 'no end'
    const answered = await lab.list({ prefix: 'list/odd/', 'max-keys': String(PAGE), ...query })
    if (!isDone(answered.answer)) return said(answered.answer)
    if (answered.objects.length > PAGE) return 'pages are longer'
    found.push(...answered.objects.map(({ key }) => key))
    query = next(answered)
  }
  return comparison(found, ODD)
}

async function afterMissing(lab: Lab): Promise<string> {
  const { answer, objects } = await lab.list({ prefix: 'list/order/', 'start-after': 'list/order/deep1' })
  if (!isDone(answer)) return said(answer)
  const after = ORDER.filter((key) => Buffer.compare(Buffer.from(key), Buffer.from('list/order/deep1')) > 0)
  return comparison(
    objects.map(({ key }) => key),
    after,
  )
}

async function order(lab: Lab, prefix: string, keys: readonly string[]): Promise<string> {
  const { answer, objects } = await lab.list({ prefix })
  if (!isDone(answer)) return said(answer)
  const found = objects.map(({ key }) => key)
  const words = comparison(found, keys)
  if (words === 'complete and in order') return 'by bytes'
  return found.join('\n') === [...keys].sort(byFolders).join('\n') ? 'by bytes in each folder' : words
}

/** As a walk over folders finds them: `deep/x` before `deep-`. */
function byFolders(a: string, b: string): number {
  const [one, other] = [a.split('/'), b.split('/')]
  for (const [i, name] of one.entries()) {
    const order = Buffer.compare(Buffer.from(name), Buffer.from(other[i] ?? ''))
    if (order !== 0) return order
  }
  return one.length - other.length
}

function comparison(found: readonly string[], keys: readonly string[]): string {
  const expected = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  if (found.join('\n') === expected.join('\n')) return 'complete and in order'
  if (new Set(found).size < found.length) return 'keys come twice'
  return [...found].sort().join('\n') === [...keys].sort().join('\n') ? 'complete, in another order' : 'incomplete'
}

async function encoding(lab: Lab): Promise<string> {
  const { answer, objects } = await lab.list({ prefix: odd(MARKS.indexOf('é')), 'encoding-type': 'url' })
  if (!isDone(answer)) return said(answer)
  const key = objects[0]?.key ?? ''
  if (!key.includes('%C3%A9')) return 'ignored'
  return key.includes('%2F') ? 'obeyed, / as %2F' : 'obeyed'
}

async function delimiter(lab: Lab): Promise<string> {
  const { answer, count, objects, prefixes } = await lab.list({ prefix: 'list/folders/', delimiter: '/' })
  if (!isDone(answer)) return said(answer)
  const isRight = objects.map(({ key }) => key).join() === 'list/folders/b' && prefixes.join() === 'list/folders/a/'
  if (!isRight) return 'wrong'
  return count === 2 ? 'right' : `right, KeyCount ${count === undefined ? 'missing' : String(count)} of 2`
}

async function none(lab: Lab): Promise<string> {
  const { answer, objects } = await lab.list({ prefix: 'nobody/' })
  return `${said(answer)}, ${objects.length === 0 ? 'empty' : 'not empty'}`
}

function resolution(times: readonly string[]): string {
  const parts = times.map((time) => /\.(\d+)Z$/.exec(time)?.[1])
  if (parts.every((part) => part === undefined)) return 'second'
  return parts.every((part) => Number(part) === 0) ? 'second, as .000Z' : 'ms'
}
