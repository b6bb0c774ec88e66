import assert from 'node:assert/strict'
import type { Bookkeeping } from '../../../lib/core/log/bookkeeping.ts'
import { readIndexHead } from '../../../lib/core/index/index-head.ts'
import { type IndexForm, emptyIndexText } from '../../../lib/core/index/index-text.ts'
import { entry, id, moment } from '../../support/builders.ts'

const bookkeeping: Bookkeeping = {
  generation: 4,
  writeId: 'w',
  folded: new Map([1, 2, 3].map((n) => [id(n), { at: moment(n), touched: '*', gone: undefined }])),
}

describe('index head', () => {
  for (const form of ['json', 'yaml'] satisfies IndexForm[]) {
    const index = emptyIndexText(form)
      .withCharts(new Map([['alpine', [entry('alpine', '1.0.0')]]]))
      .withHeader({ bookkeeping, generated: '2024-01-01T00:00:00Z' })
    const bytes = index.toBytes()
    const entries = Buffer.from(bytes).indexOf('entries')

    it(`tells in the ${form} form what is folded, from the bytes before the entries`, () => {
      const head = readIndexHead(bytes.subarray(0, entries + 20))
      assert.equal(head.complete, true)
      assert.deepEqual(head.bookkeeping, bookkeeping)
      assert.equal(head.mentions(id(2)), true)
      assert.equal(head.mentions(id(9)), false)
    })

    it(`leaves open in the ${form} form what may stand behind the cut`, () => {
      const cut = Buffer.from(bytes).indexOf(id(2)) + id(2).length
      const head = readIndexHead(bytes.subarray(0, cut))
      assert.equal(head.complete, false)
      assert.equal(head.bookkeeping, undefined)
      assert.deepEqual(
        [3, 2, 1, 9].map((n) => head.mentions(id(n))),
        [true, true, undefined, undefined],
      )
    })

    it(`never calls a head in the ${form} form complete when it is not`, () => {
      for (let end = 0; end < entries; end++) {
        const head = readIndexHead(bytes.subarray(0, end))
        assert.equal(head.complete, false)
        assert.notEqual(head.mentions(id(9)), false)
      }
    })
  }

  it('leaves everything open when annotations may follow the entries', () => {
    for (const text of [
      'apiVersion: v1\nentries:\n  a:\n',
      '{"apiVersion":"v1","entries":{"a":[]},\n',
      '{\n  "apiVersion": "v1",\n  "entries": {\n',
      '',
    ]) {
      const head = readIndexHead(Buffer.from(text))
      assert.equal(head.complete, false)
      assert.equal(head.mentions(id(1)), undefined)
    }
  })
})
