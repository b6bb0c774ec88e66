import { Buffer } from 'node:buffer'
import type { RawAnswer } from '../raw-client.ts'
import { withFate } from './conditions.ts'
import { type Lab, STALE, isDone, said } from './lab.ts'
import { elements, field } from './listed-page.ts'

const MIB = 1024 * 1024

/** Copies on the server, and objects that are composed of parts. */
export async function probeComposing(lab: Lab) {
  return {
    ...(await copies(lab)),
    ...(await completions(lab)),
    ...(await partCopies(lab)),
    ...(await openUploads(lab)),
  }
}

async function copies(lab: Lab) {
  const source = `/${lab.bucket}/copy/source`
  const copy = (key: string, headers: Readonly<Record<string, string>>): Promise<RawAnswer> =>
    lab.put(key, '', { 'x-amz-copy-source': source, ...headers })
  for (const key of ['copy/source', 'copy/existing']) await lab.put(key, 'first')
  await lab.put('copy/source', 'second')
  const existing = await copy('copy/existing', { 'if-none-match': '*' })
  const stale = await copy('copy/of a stale source', { 'x-amz-copy-source-if-match': STALE })
  return {
    'copy-existing': await withFate(lab, existing, 'copy/existing', 'first'),
    'copy-stale-source': isDone(stale) ? `${said(stale)}, ignored` : said(stale),
  }
}

async function completions(lab: Lab) {
  const complete = async (
    key: string,
    headers: (etag: string) => Readonly<Record<string, string>>,
  ): Promise<string> => {
    await lab.put(key, 'first')
    const upload = await begin(lab, key)
    if (upload === undefined) return 'no upload can be begun'
    const part = await sendPart(lab, key, upload, 'the parts')
    const answer = await completeUpload(lab, key, upload, part, headers(await lab.etag(key)))
    return withFate(lab, answer, key, 'first')
  }
  return {
    'complete-existing': await complete('complete/existing', () => ({ 'if-none-match': '*' })),
    'complete-stale': await complete('complete/stale', () => ({ 'if-match': STALE })),
    'complete-current': await complete('complete/current', (etag) => ({ 'if-match': etag })),
  }
}

async function partCopies(lab: Lab) {
  const source = Buffer.alloc(6 * MIB, Buffer.from(Array.from({ length: 251 }, (_, i) => i)))
  await lab.put('part-copy/source', source)
  const etag = await lab.etag('part-copy/source')
  const copy = async (key: string, match: string): Promise<{ readonly answer: RawAnswer; readonly upload: string }> => {
    const upload = (await begin(lab, key)) ?? ''
    const answer = await lab.ask({
      method: 'PUT',
      key,
      query: { partNumber: '1', uploadId: upload },
      headers: {
        'x-amz-copy-source': `/${lab.bucket}/part-copy/source`,
        'x-amz-copy-source-range': `bytes=7-${String(5 * MIB + 6)}`,
        'x-amz-copy-source-if-match': match,
      },
    })
    return { answer, upload }
  }
  const range = await copy('part-copy/range', etag)
  const stale = await copy('part-copy/stale', STALE)
  return {
    'part-copy-range': isDone(range.answer)
      ? await copiedAs(lab, 'part-copy/range', range, source.subarray(7, 5 * MIB + 7))
      : said(range.answer),
    'part-copy-stale-source': isDone(stale.answer) ? `${said(stale.answer)}, ignored` : said(stale.answer),
  }
}

/** Completes an upload whose one part was copied, and looks whether it has the right bytes. */
async function copiedAs(
  lab: Lab,
  key: string,
  { answer, upload }: { readonly answer: RawAnswer; readonly upload: string },
  bytes: Buffer,
): Promise<string> {
  const done = await completeUpload(lab, key, upload, field(answer.body.toString('utf8'), 'ETag') ?? '', {})
  if (!isDone(done)) return `200, completed: ${said(done)}`
  return (await lab.get(key)).body.equals(bytes) ? 'yes' : '200, other bytes'
}

async function openUploads(lab: Lab) {
  const key = 'open/uploads/one'
  const upload = await begin(lab, key)
  if (upload === undefined) return { 'uploads-listed': 'no upload', 'upload-aborted': 'no upload' }
  const part = await sendPart(lab, key, upload, 'a part')
  const listed = async (prefix: string): Promise<RawAnswer | 'shown' | 'hidden'> => {
    const answer = await lab.ask({ method: 'GET', query: { uploads: '', prefix } })
    if (!isDone(answer)) return answer
    return elements(answer.body.toString('utf8'), 'Upload').some((each) => field(each, 'Key') === key)
      ? 'shown'
      : 'hidden'
  }
  const [byPrefix, byKey] = [await listed('open/up'), await listed(key)]
  await lab.ask({ method: 'DELETE', key, query: { uploadId: upload } })
  const completed = await completeUpload(lab, key, upload, part, {})
  return {
    'uploads-listed':
      typeof byPrefix === 'object'
        ? said(byPrefix)
        : byPrefix === 'shown'
          ? 'by prefix'
          : byKey === 'shown'
            ? 'for a whole key only'
            : 'no',
    'upload-aborted': said(completed),
  }
}

async function begin(lab: Lab, key: string): Promise<string | undefined> {
  const answer = await lab.ask({ method: 'POST', key, query: { uploads: '' } })
  return isDone(answer) ? field(answer.body.toString('utf8'), 'UploadId') : undefined
}

/** @returns the ETag of the part */
async function sendPart(lab: Lab, key: string, upload: string, body: string): Promise<string> {
  const answer = await lab.ask({ method: 'PUT', key, query: { partNumber: '1', uploadId: upload }, body })
  return answer.headers.etag ?? ''
}

function completeUpload(
  lab: Lab,
  key: string,
  upload: string,
  etag: string,
  headers: Readonly<Record<string, string>>,
): Promise<RawAnswer> {
  const part = `<Part><PartNumber>1</PartNumber><ETag>${etag.replaceAll('"', '&quot;')}</ETag></Part>`
  const body = `<CompleteMultipartUpload>${part}</CompleteMultipartUpload>`
  return lab.ask({ method: 'POST', key, query: { uploadId: upload }, body, headers })
}
