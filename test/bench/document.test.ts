import assert from 'node:assert/strict'
import { replaceSection } from '../../bench/document.ts'

describe('sections of a document that the bench fills', () => {
  const text =
    'Before\n<!-- bench:goals -->\nold\n<!-- /bench:goals -->\nBetween\n<!-- bench:details -->\n<!-- /bench:details ' +
    '-->\nAfter\n'

  it('replaces what stands between the marks of the section and nothing else', () => {
    assert.equal(
      replaceSection(text, 'goals', '\nnew $& $1\n'),
      'Before\n<!-- bench:goals -->\nnew $& $1\n<!-- /bench:goals -->\nBetween\n<!-- bench:details -->\n<!-- ' +
        '/bench:details -->\nAfter\n',
    )
  })

  it('comes to the same text when it is done again', () => {
    const once = replaceSection(text, 'details', 'a table')
    assert.equal(replaceSection(once, 'details', 'a table'), once)
  })

  it('refuses a text that lacks a mark of the section', () => {
    assert.throws(() => replaceSection(text, 'growth', 'x'), /no section <!-- bench:growth -->/)
    assert.throws(() => replaceSection('<!-- bench:goals -->\n', 'goals', 'x'), /no section/)
  })
})
