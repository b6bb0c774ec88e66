import assert from 'node:assert/strict'
import fc from 'fast-check'
import { xmlDocument } from '../../embedded/xml-document.ts'
import { elementTexts } from '../../lib/store/s3/xml-text.ts'

describe('a document of the S3 API', () => {
  it('has no character that XML does not allow, and decodes to the same texts', () => {
    const text = fc.string({
      unit: fc.constantFrom('&', '<', '>', '"', '\0', '\u0001', '\n', '\uffff', 'é', '😀', 'a'),
    })
    fc.assert(
      fc.property(text, (key) => {
        const document = xmlDocument('Delete', { Object: [{ Key: key }, { Key: 'other' }] })
        assert.doesNotMatch(document.slice(document.indexOf('\n') + 1), /[\p{Cc}\ufffe\uffff]/u)
        assert.deepEqual(elementTexts(document, 'Key'), [key, 'other'])
      }),
    )
  })

  it('has no element for undefined values, and several for lists', () => {
    const document = xmlDocument('Root', { A: undefined, B: [1, 2], C: { D: false } })
    const content = '<B>1</B><B>2</B><C><D>false</D></C>'
    const space = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
    assert.equal(document, `<?xml version="1.0" encoding="UTF-8"?>\n<Root ${space}>${content}</Root>`)
  })
})
