import assert from 'node:assert/strict'
import { readPage, rootOf } from './listed-page.ts'

describe('a page of a listing, as the probe reads it', () => {
  it('has keys, ETags, times, prefixes, the count and the token', () => {
    const page = readPage(`<?xml version="1.0"?><ListBucketResult xmlns="x"><KeyCount>2</KeyCount>
      <IsTruncated>true</IsTruncated><NextContinuationToken>t&amp;1</NextContinuationToken>
      <Contents><Key>a&amp;b&#x20;&#43;&apos;</Key><ETag>&quot;1&quot;</ETag><LastModified>now</LastModified></Contents>
      <CommonPrefixes><Prefix>c/</Prefix></CommonPrefixes></ListBucketResult>`)
    assert.deepEqual(page, {
      objects: [{ key: "a&b +'", etag: '"1"', time: 'now' }],
      prefixes: ['c/'],
      count: 2,
      token: 't&1',
    })
  })

  it('has no token on the last page, whatever stands there', () => {
    const xml =
      '<r:ListBucketResult><r:IsTruncated>false</r:IsTruncated><r:NextContinuationToken>t</r:NextContinuationToken></r:ListBucketResult>'
    assert.deepEqual(readPage(xml), { objects: [], prefixes: [], count: undefined, token: undefined })
  })

  it('has a root, also with a prefix or attributes', () => {
    assert.equal(rootOf('<?xml version="1.0" encoding="UTF-8"?>\n<ListVersionsResult xmlns="x">'), 'ListVersionsResult')
    assert.equal(rootOf('<s:ListBucketResult>'), 'ListBucketResult')
    assert.equal(rootOf(''), undefined)
  })
})
