import assert from 'node:assert/strict'
import { elementText, elementTexts } from '../../../lib/store/s3/xml-text.ts'

const PAGE = `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
  <Name>charts</Name><IsTruncated>true</IsTruncated>
  <Contents><Key>a&amp;b&#xD;&#13;&quot;&apos;&lt;&gt;.tgz</Key><Size>1</Size><Owner><ID>x</ID></Owner></Contents>
  <Contents>
    <Key>c</Key>
    <Size>2</Size>
  </Contents>
</ListBucketResult>`

describe('the text of a document of the S3 API', () => {
  it('is found by the name of an element, and decoded', () => {
    assert.equal(elementText(PAGE, 'IsTruncated'), 'true')
    assert.deepEqual(elementTexts(PAGE, 'Key'), ['a&b\r\r"\'<>.tgz', 'c'])
    assert.equal(elementText('<n:R xmlns:n="x"><n:UploadId a="b">1</n:UploadId ></n:R>', 'UploadId'), '1')
  })

  it('is undefined for a missing element or one that contains other elements', () => {
    for (const name of ['NextContinuationToken', 'Content', 'Owner']) assert.equal(elementText(PAGE, name), undefined)
  })

  it('keeps text that is not a valid reference unchanged', () => {
    assert.equal(elementText('<Code>a&nbsp;&#x110000;&#xdfff;&</Code>', 'Code'), 'a&nbsp;&#x110000;&#xdfff;&')
  })
})
