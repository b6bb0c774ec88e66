import assert from 'node:assert/strict'
import { parseKeepList } from '../../lib/core/keep-list.ts'
import { namePattern } from '../../lib/core/name-pattern.ts'

describe('a list of versions to keep', () => {
  const keeps = (text: string, name: string, version: string): boolean => parseKeepList(text).names({ name, version })

  it('names nothing by a line of which one part is empty, and reports that line', () => {
    for (const line of [': 1.0.0', ':1.0.0', '"" 1.0.0', "app ''", '""', "'':''", ' : ']) {
      const list = parseKeepList(`${line}\nweb 1.0.0\n`)
      assert.equal(list.names({ name: 'app', version: '1.0.0' }), false, line)
      assert.equal(list.names({ name: 'web', version: '1.0.0' }), true, line)
      list.note({ name: 'web', version: '1.0.0' })
      assert.deepEqual(list.unmatched(), [line.trim()])
    }
  })

  it('names versions by NAME VERSION, NAME: VERSION, NAME-VERSION and NAME', () => {
    for (const line of ['app 1.0.0', 'app: 1.0.0', 'app-1.0.0', 'app', '"app" "1.0.*"', '*']) {
      assert.equal(keeps(line, 'app', '1.0.0'), true, line)
    }
  })
})

describe('a glob for names', () => {
  it('that is empty matches the empty name alone', () => {
    assert.deepEqual(['', 'a'].map(namePattern('')), [true, false])
  })
})
