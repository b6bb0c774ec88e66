import { Buffer } from 'node:buffer'
import type { RawAnswer } from '../raw-client.ts'
import { type Lab, STALE, said, unquoted } from './lab.ts'

const BODY = Buffer.from(Array.from({ length: 5000 }, (_, i) => i % 251))
const ROUNDS = 10

/** What a store gives who reads. */
export async function probeReading(lab: Lab) {
  const key = 'read/object'
  const put = await lab.put(key, BODY)
  await lab.put('read/empty', '')
  const etag = put.headers.etag ?? ''
  const range = (value: string, more: Readonly<Record<string, string>> = {}): Promise<RawAnswer> =>
    lab.get(key, { range: value, ...more })
  const stale = await range('bytes=10-99', { 'if-match': STALE })
  return {
    ...(await etags(lab, key, etag)),
    'get-unchanged': unchanged(await lab.get(key, { 'if-none-match': etag })),
    'get-suffix': piece(await range('bytes=-100'), BODY.subarray(-100)),
    'get-suffix-longer': piece(await range('bytes=-9000'), BODY),
    'get-suffix-empty': piece(await lab.get('read/empty', { range: 'bytes=-100' }), Buffer.alloc(0)),
    'get-range': piece(await range('bytes=10-99'), BODY.subarray(10, 100)),
    'get-range-stale': stale.status < 300 ? `${said(stale)}, ignored` : said(stale),
    'get-beyond': said(await range('bytes=6000-6100')),
    'get-missing': said(await lab.get('read/missing')),
    shows: await shows(lab),
  }
}

async function etags(lab: Lab, key: string, put: string) {
  const listed = (await lab.list({ prefix: key })).objects[0]?.etag ?? ''
  const all = { PUT: put, HEAD: await lab.etag(key), GET: (await lab.get(key)).headers.etag ?? '', LIST: listed }
  const named = (isMeant: (etag: string) => boolean): string =>
    Object.entries(all)
      .flatMap(([name, tag]) => (isMeant(tag) ? [name] : []))
      .join(', ')
  const [none, bare] = [named((tag) => tag === ''), named((tag) => /^[^"]/.test(tag))]
  const odd = [...(none === '' ? [] : [`none in ${none}`]), ...(bare === '' ? [] : [`bare in ${bare}`])]
  return {
    etags: odd.length === 0 ? 'quoted' : odd.join('; '),
    'etags-agree': new Set(Object.values(all).map(unquoted)).size === 1 ? 'yes' : 'no',
  }
}

function unchanged({ body, headers, status }: RawAnswer): string {
  const bytes = body.length === 0 ? 'empty' : 'with the whole body'
  return `${String(status)}, ${bytes}${headers.etag === undefined ? ', no ETag' : ''}`
}

function piece(answer: RawAnswer, expected: Buffer): string {
  if (answer.status >= 300 || answer.status === 0) return said(answer)
  const { body } = answer
  return `${said(answer)}, ${body.equals(expected) ? 'exact' : body.equals(BODY) ? 'whole body' : 'other bytes'}`
}

/** Whether each kind of read shows at once what was written or deleted. */
async function shows(lab: Lab): Promise<string> {
  const late = new Set<string>()
  for (let round = 0; round < ROUNDS; round++) {
    const key = `shows/${String(round)}`
    for (const text of ['first', 'the second'] as const) {
      await lab.put(key, text)
      if ((await lab.text(key)) !== text) late.add('GET')
      const head = await lab.head(key)
      if (Number(head.headers['content-length']) !== text.length) late.add('HEAD')
      const { objects } = await lab.list({ prefix: 'shows/' })
      const shown = objects.find((each) => each.key === key)?.etag
      // Without an ETag (s3s-fs) it tells nothing but that the object is there.
      if (shown === undefined || (shown !== '' && unquoted(shown) !== unquoted(head.headers.etag ?? '')))
        late.add('LIST')
    }
    await lab.delete(key)
    if ((await lab.get(key)).status !== 404) late.add('GET after DELETE')
    if ((await lab.head(key)).status !== 404) late.add('HEAD after DELETE')
    if ((await lab.list({ prefix: 'shows/' })).objects.some((each) => each.key === key)) late.add('LIST after DELETE')
  }
  return late.size === 0 ? 'at once' : `late: ${[...late].join(', ')}`
}
