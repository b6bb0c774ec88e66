import assert from 'node:assert/strict'
import { replaceSection } from '../../bench/document.ts'

describe('sections of a document that the bench fills', () => {
  const text =
    'Before\n<!-- bench:goals -->\nold\n<!-- /bench:goals -->\nBetween\n<!-- bench:details -->\n<!-- /bench:details ' +
    '-->\nAfter\n'

  it('are replaced between their marks, without any other change', () => {
    assert.equal(
      replaceSection(text, 'goals', '\nnew $& $1\n'),
      'Before\n<!-- bench:goals -->\nnew $& $1\n<!-- /bench:goals -->\nBetween\n<!-- bench:details -->\n<!-- ' +
        '/bench:details -->\nAfter\n',
    )
  })

  it('are the same when they are replaced again', () => {
    const once = replaceSection(text, 'details', 'a table')
    assert.equal(replaceSection(once, 'details', 'a table'), once)
  })

  it('cannot be replaced in a text without their marks', () => {
    assert.throws(() => replaceSection(text, 'growth', 'x'), /no section <!-- bench:growth -->/)
    assert.throws(() => replaceSection('<!-- bench:goals -->\n', 'goals', 'x'), /no section/)
  })
})
