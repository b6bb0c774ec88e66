import assert from 'node:assert/strict'
import { childText, childrenOf, parseXml } from '../../../lib/store/s3/xml-tree.ts'

describe('a document of the S3 API', () => {
  it('is read as a tree with attributes, prefixes, comments and CDATA', () => {
    const root = parseXml(`\ufeff<?xml version="1.0"?><!-- a -->
      <s3:List xmlns:s3="http://s3.amazonaws.com/doc/2006-03-01/" a='"'>
        <s3:Item x="1" ><Key>a&amp;b&#x1F600;&#13;<![CDATA[<c>&amp;]]></Key ><Empty/><Empty2 /></s3:Item>
        <Item><?pi?><Key> two
</Key></Item>
      </s3:List>\n`)
    assert.equal(root.name, 'List')
    const items = childrenOf(root, 'Item')
    assert.deepEqual(
      items.map((each) => childText(each, 'Key')),
      ['a&b\u{1f600}\r<c>&amp;', ' two\n'],
    )
    assert.equal(childText(items[0]!, 'Empty'), '')
    assert.equal(childText(items[0]!, 'Other'), undefined)
  })

  // For each of these texts there is a parser that reads it differently: docs/decisions/0015.
  for (const [what, text, wanted] of [
    ['a character that XML 1.0 does not allow', '<a><Key>x&#x1;y</Key></a>', 'x\u0001y'],
    ['a character beyond 16 bits', '<a><Key>&#x1F600;&#128512;</Key></a>', '\u{1f600}\u{1f600}'],
    ['an attribute that has the name of a child', '<a Key="b"><Key>a</Key></a>', 'a'],
    ['white space only', '<a><Key> \n </Key></a>', ' \n '],
    ['digits', '<a><Key>007</Key></a>', '007'],
    ['a comment inside a text', '<a><Key>x<!-- c -->y</Key></a>', 'xy'],
    ['a byte order mark', '\ufeff<a><Key>x</Key></a>', 'x'],
    ['names of properties of JavaScript objects', '<a><__proto__>p</__proto__><Key>x</Key></a>', 'x'],
  ] as const) {
    it(`is read without changes: ${what}`, () => assert.equal(childText(parseXml(text), 'Key'), wanted))
  }

  for (const [what, text] of Object.entries({
    'an empty text': '',
    'text without an element': 'service unavailable',
    'a page of a proxy': '<!DOCTYPE html><html><br></html>',
    'an element that is not closed': '<a><b>1</b>',
    'elements that overlap': '<a><b>1</a></b>',
    'two roots': '<a/><b/>',
    'text after the root': '<a/>x',
    'an end tag without a start tag': '</a>',
    'a tag that is cut off': '<a><b',
    'an attribute without a value': '<a b>1</a>',
    'a reference that XML does not define': '<a>&nbsp;</a>',
    'a bare ampersand': '<a>a & b</a>',
    'a reference to a character that does not exist': '<a>&#x110000;</a>',
    'a reference to half a surrogate pair': '<a>&#xd800;</a>',
    'a text with a document type': '<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>',
    'elements that are nested too deeply': '<a>'.repeat(100_000),
  })) {
    it(`is refused when it is ${what}`, () => {
      assert.throws(() => parseXml(text))
    })
  }
})
