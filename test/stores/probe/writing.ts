import { Buffer } from 'node:buffer'
import type { RunningStore } from '../../e2e/support/servers.ts'
import { type RawAnswer, rawClient, sha256Base64, sha256Hex } from '../raw-client.ts'
import { withFate } from './conditions.ts'
import { Lab, STALE, isDone, said } from './lab.ts'
import { rootOf } from './listed-page.ts'

const MIB = 1024 * 1024
/** Races of small requests for each of large ones. */
const SMALL_FOR_LARGE = 8
const ABSENT = { 'if-none-match': '*' }

/** Bodies, checksums, signatures, metadata, dates. */
export async function probeWriting(lab: Lab, store: RunningStore, rounds: number) {
  return {
    ...(await largeBodies(lab, Math.ceil(rounds / SMALL_FOR_LARGE))),
    ...(await checksums(lab)),
    ...(await signatures(lab, store)),
    ...(await metadata(lab)),
    ...(await dates(lab)),
    'versions-root': await versionsRoot(lab),
    sse: said(await lab.put('sse/object', 'x', { 'x-amz-server-side-encryption': 'AES256' })),
  }
}

/** Several writers at once of one key, and a reader meanwhile. */
async function largeBodies(lab: Lab, rounds: number) {
  const key = 'bodies/one'
  const bodies = ['a', 'b', 'c', 'd'].map((letter) => Buffer.alloc(6 * MIB, letter))
  const isOne = (body: Buffer): boolean => bodies.some((each) => each.equals(body))
  await lab.put(key, bodies[0] ?? '')
  const stood = new Set<string>()
  const seen = new Set<string>()
  for (let round = 0; round < rounds; round++) {
    let isWriting = true
    const reader = async (): Promise<void> => {
      while (isWriting) {
        const answer = await lab.get(key)
        seen.add(answer.status === 200 ? (isOne(answer.body) ? 'whole' : 'torn') : said(answer))
      }
    }
    const reading = reader()
    const writes = await Promise.all(bodies.map((body) => lab.put(key, body)))
    isWriting = false
    await reading
    const after = await lab.get(key)
    if (!writes.some(isDone)) stood.add('none was written')
    else stood.add(after.status === 200 && isOne(after.body) ? 'one of them' : 'a mixture')
  }
  const worst = (words: ReadonlySet<string>, good: string): string =>
    [...words]
      .filter((each) => each !== good)
      .sort()
      .join(', ') || good
  return { 'bodies-race': worst(stood, 'one of them'), 'bodies-read': worst(seen, 'whole') }
}

async function checksums(lab: Lab) {
  const taken = (answer: RawAnswer): string => (isDone(answer) ? `${said(answer)}, taken` : said(answer))
  const wrong = await lab.put('checksum/wrong', 'bytes', { 'x-amz-checksum-sha256': sha256Base64('others') })
  await lab.put('checksum/right', 'bytes', { 'x-amz-checksum-sha256': sha256Base64('bytes') })
  const kept = (await lab.head('checksum/right', { 'x-amz-checksum-mode': 'ENABLED' })).headers['x-amz-checksum-sha256']
  const payload = await lab.put('checksum/payload', 'bytes', { 'x-amz-content-sha256': sha256Hex('others') })
  return {
    'checksum-wrong': taken(wrong),
    'checksum-kept': kept === sha256Base64('bytes') ? 'yes' : kept === undefined ? 'no' : 'another one',
    'payload-wrong': taken(payload),
  }
}

async function signatures(lab: Lab, store: RunningStore) {
  const stranger = new Lab(rawClient({ ...store, secretAccessKey: 'NOTTHESECRET' }), lab.bucket)
  const wrong = await stranger.put('signed/wrong', 'x')
  const late = { seconds: 60, ago: 120 }
  const inTime = { seconds: 300, ago: 0 }
  const put = (
    key: string,
    expiring: typeof late,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<RawAnswer> => lab.ask({ method: 'PUT', key, body: 'second', headers, expiring })
  for (const key of ['signed/condition', 'signed/late', 'signed/deleted']) await lab.put(key, 'first')
  const condition = await put('signed/condition', inTime, ABSENT)
  const expired = await put('signed/late', late)
  const removed = await lab.ask({ method: 'DELETE', key: 'signed/deleted', expiring: late })
  const isKept = (await lab.text('signed/deleted')) === 'first'
  return {
    'signature-wrong': isDone(wrong) ? `${said(wrong)}, taken` : said(wrong),
    'late-in-time': said(await put('signed/in time', inTime, ABSENT)),
    'late-condition': await withFate(lab, condition, 'signed/condition', 'first'),
    'late-put': await withFate(lab, expired, 'signed/late', 'first'),
    'late-delete': `${said(removed)}, ${isKept ? 'kept' : 'gone'}`,
  }
}

const NAME = 'x-amz-meta-chart-metadata'

async function metadata(lab: Lab) {
  const keeps = async (bytes: number): Promise<string> => {
    const key = `metadata/${String(bytes)}`
    // As AWS counts: the name behind x-amz-meta-, and the value.
    const value = 'm'.repeat(bytes - 'chart-metadata'.length)
    const answer = await lab.put(key, 'x', { [NAME]: value })
    if (!isDone(answer)) return said(answer)
    return (await lab.head(key)).headers[NAME] === value ? 'kept' : 'changed'
  }
  await lab.put('metadata/name', 'x', { [NAME]: 'value' })
  const name = (await lab.head('metadata/name')).names.find((each) => each.toLowerCase() === NAME)
  return {
    'metadata-1900': await keeps(1900),
    'metadata-3000': await keeps(3000),
    'metadata-names':
      name === undefined
        ? 'lost'
        : /^x-amz-meta-/i.test(name) && name.slice(11) === NAME.slice(11)
          ? 'lower case'
          : name,
  }
}

/** Milliseconds: `Date` is in whole seconds. */
const SAME = 2500

async function dates(lab: Lab) {
  await lab.put('dates/object', 'x')
  const etag = await lab.etag('dates/object')
  const answers = {
    PUT: await lab.put('dates/object', 'x'),
    'PUT 412': await lab.put('dates/object', 'x', { 'if-match': STALE }),
    GET: await lab.get('dates/object'),
    'GET 304': await lab.get('dates/object', { 'if-none-match': etag }),
    'GET 404': await lab.get('dates/missing'),
    HEAD: await lab.head('dates/object'),
    LIST: (await lab.list({ prefix: 'dates/' })).answer,
    DELETE: await lab.delete('dates/object'),
  }
  const without = Object.entries(answers).filter(([, { headers }]) => headers.date === undefined)
  const now = Date.now()
  const theirs = Date.parse((await lab.head('dates/missing')).headers.date ?? '')
  const difference = Math.abs(theirs - now)
  return {
    'date-header': without.length === 0 ? 'always' : `not with ${without.map(([name]) => name).join(', ')}`,
    clock: Number.isNaN(difference) ? 'not told' : difference <= SAME ? 'the same' : 'another',
  }
}

async function versionsRoot(lab: Lab): Promise<string> {
  const answer = await lab.ask({ method: 'GET', query: { versions: '', prefix: 'read/object' } })
  return isDone(answer) ? (rootOf(answer.body.toString('utf8')) ?? 'none') : said(answer)
}
