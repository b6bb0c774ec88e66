import assert from 'node:assert/strict'
import { aged } from './aged-answers.ts'

const HOUR = 3_600_000
const NO_BODY = Buffer.alloc(0)

describe('answers of a store in which one object is older', () => {
  it('date that object back in a listing, and no other', () => {
    const object = (key: string, time: string): string =>
      `<Contents><Key>${key}</Key><LastModified>${time}</LastModified><Size>1</Size></Contents>`
    const listing = (time: string): string =>
      `<ListBucketResult>${object('r/an-old-1.0.0.tgz', '2026-01-01T12:00:00.000Z')}${object('r%2Fold-1.0.0.tgz', time)}` +
      `${object('r/old-1.0.0.tgz.prov', '2026-01-01T12:00:00Z')}</ListBucketResult>`
    const before = { line: 'GET /bucket?list-type=2', headers: {}, body: Buffer.from(listing('2026-01-01T12:00:00Z')) }
    assert.equal(aged(before, 'old-1.0.0.tgz', HOUR).body.toString(), listing('2026-01-01T11:00:00.000Z'))
    const other = { ...before, body: Buffer.from(listing('x').replaceAll('old', 'new')) }
    assert.equal(aged(other, 'old-1.0.0.tgz', HOUR), other)
  })

  it('date it back in answers about itself, and keep their length', () => {
    const headers = { 'last-modified': 'Thu, 01 Jan 2026 12:00:00 GMT', 'content-length': '7' }
    const about = (path: string): string | undefined =>
      aged({ line: `HEAD ${path}`, headers, body: NO_BODY }, 'old-1.0.0.tgz', HOUR).headers['last-modified']
    assert.equal(about('/bucket/r/old-1.0.0.tgz?versionId=1'), 'Thu, 01 Jan 2026 11:00:00 GMT')
    assert.equal(about('/bucket/r/old-1.0.0.tgz.prov'), headers['last-modified'])
    assert.equal(about('/bucket/r/an-old-1.0.0.tgz'), headers['last-modified'])
    const { body, headers: after } = aged(
      { line: 'HEAD /b/old-1.0.0.tgz', headers, body: NO_BODY },
      'old-1.0.0.tgz',
      HOUR,
    )
    assert.deepEqual([body, after['content-length']], [NO_BODY, '7'])
  })
})
