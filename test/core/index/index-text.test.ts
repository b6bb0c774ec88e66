import assert from 'node:assert/strict'
import type { Bookkeeping } from '../../../lib/core/log/bookkeeping.ts'
import type { Entry } from '../../../lib/core/log/entry.ts'
import {
  type IndexForm,
  type IndexText,
  emptyIndexText,
  readIndexEnd,
  readIndexText,
} from '../../../lib/core/index/index-text.ts'
import { hasCode } from '../../../lib/errors.ts'
import { id } from '../../support/builders.ts'

const read = (text: string): IndexText => readIndexText(Buffer.from(text))
const tellsOf = (text: Uint8Array): string | undefined => {
  const end = readIndexEnd(text, text.length)
  return typeof end === 'object' ? 'something' : end
}
const textOf = (index: IndexText): string => Buffer.from(index.toBytes()).toString('utf8')
const version = (name: string, number: string): Entry => ({ name, version: number, urls: [`${name}-${number}.tgz`] })
const change = (name: string, ...entries: Entry[]): ReadonlyMap<string, readonly Entry[]> => new Map([[name, entries]])
const invalid = (problem: RegExp) => (error: unknown) => hasCode(error, 'invalid-index') && problem.test(error.message)

const bookkeeping: Bookkeeping = {
  generation: 7,
  writeId: 'abcd',
  folded: new Map([
    [id(1), { at: 1_700_000_000_000, touched: [{ name: 'alpine', version: '0.1.0' }], gone: undefined }],
    [id(2), { at: 1_700_000_060_000, touched: '*', gone: 1_700_000_120_000 }],
  ]),
}

const YAML = `apiVersion: v1
entries:
  alpine: # the small one
  - name: alpine
    description: >-
      Deploys
      a thing
    version: 0.2.0 # newest
  # between
  - version: 0.1.0
    name:   alpine
  nginx:
    - {name: nginx, version: 1.0.0}
generated: "2024-01-01T00:00:00Z"
serverInfo:
  contextPath: /x
`

describe('the text of an index', () => {
  it('is JSON with one line for each chart version, and a last line with the bookkeeping', () => {
    const index = emptyIndexText('json')
      .withCharts(
        new Map([
          ['nginx', [version('nginx', '1.0.0')]],
          ['alpine', [version('alpine', '0.2.0'), version('alpine', '0.1.0')]],
        ]),
      )
      .withHeader({ bookkeeping, generated: '2024-01-01T00:00:00Z' })
    assert.equal(
      textOf(index),
      `{"apiVersion":"v1","entries":{
"alpine":[
{"name":"alpine","version":"0.2.0","urls":["alpine-0.2.0.tgz"]},
{"name":"alpine","version":"0.1.0","urls":["alpine-0.1.0.tgz"]}
],
"nginx":[
{"name":"nginx","version":"1.0.0","urls":["nginx-1.0.0.tgz"]}
]
},"generated":"2024-01-01T00:00:00Z","annotations":{\
"helm-s3/folded/${id(1)}":"{\\"at\\":\\"2023-11-14T22:13:20Z\\",\
\\"touched\\":[[\\"alpine\\",\\"0.1.0\\"]]}",\
"helm-s3/folded/${id(2)}":"{\\"at\\":\\"2023-11-14T22:14:20Z\\",\\"touched\\":\\"*\\",\
\\"gone\\":\\"2023-11-14T22:15:20Z\\"}",\
"helm-s3/generation":"7","helm-s3/write":"abcd"}}
`,
    )
  })

  it('is block YAML as Helm writes it', () => {
    const index = emptyIndexText('yaml')
      .withCharts(
        change('alpine', { ...version('alpine', '1.10'), appVersion: 'yes', created: '2024-01-01T00:00:00Z' }),
      )
      .withHeader({ bookkeeping: { ...bookkeeping, folded: new Map() }, generated: '2024-01-01T00:00:00Z' })
    assert.equal(
      textOf(index),
      `apiVersion: v1
entries:
  alpine:
  - appVersion: "yes"
    created: "2024-01-01T00:00:00Z"
    name: alpine
    urls:
    - alpine-1.10.tgz
    version: "1.10"
generated: "2024-01-01T00:00:00Z"
annotations:
  helm-s3/generation: "7"
  helm-s3/write: abcd
`,
    )
  })

  for (const form of ['json', 'yaml'] satisfies IndexForm[]) {
    describe(`in the ${form} form`, () => {
      const index = emptyIndexText(form)
        .withCharts(new Map(['a', 'b', 'c'].map((name) => [name, [version(name, '2.0.0'), version(name, '1.0.0')]])))
        .withHeader({ bookkeeping, generated: '2024-01-01T00:00:00Z' })
      const again = readIndexText(index.toBytes())

      it('is read as slices with all its content', () => {
        assert.equal(again.path, 'slices')
        assert.equal(again.form, form)
        assert.equal(again.generated, '2024-01-01T00:00:00Z')
        assert.deepEqual(again.bookkeeping, bookkeeping)
        assert.deepEqual(again.chartNames(), ['a', 'b', 'c'])
        assert.deepEqual(again.versions('b'), [version('b', '2.0.0'), version('b', '1.0.0')])
        assert.deepEqual(again.versions('unknown'), [])
        assert.equal(again.countEntries(), 6)
      })

      it('is the same bytes when nothing changes', () => {
        assert.deepEqual(Buffer.from(again.toBytes()), Buffer.from(index.toBytes()))
        const rewritten = again.withCharts(change('b', ...again.versions('b')))
        assert.deepEqual(Buffer.from(rewritten.toBytes()), Buffer.from(index.toBytes()))
      })

      it('has the unchanged bytes after a change as one piece of the source', () => {
        const source = new Uint8Array(index.toBytes())
        const chunks = readIndexText(source)
          .withCharts(change('a', version('a', '3.0.0')))
          .chunks()
        const copied = chunks.filter((chunk) => chunk.buffer === source.buffer && chunk.length > 3)
        assert.equal(copied.length, 1)
      })

      it('finds an exact version, and the first of two equal versions', () => {
        assert.deepEqual(again.find({ name: 'a', version: '1.0.0' }), version('a', '1.0.0'))
        assert.equal(again.find({ name: 'a', version: '1.0' }), undefined)
        assert.equal(again.find({ name: 'x', version: '1.0.0' }), undefined)
        const twice = again.withCharts(change('a', { ...version('a', '1.0.0'), home: 'first' }, version('a', '1.0.0')))
        assert.equal(readIndexText(twice.toBytes()).find({ name: 'a', version: '1.0.0' })?.['home'], 'first')
      })

      it('has no chart whose list is empty, and new charts in order', () => {
        const changed = again.withCharts(
          new Map([
            ['b', []],
            ['bb', [version('bb', '1.0.0')]],
            ['0', [version('0', '1.0.0')]],
            ['z', []],
          ]),
        )
        assert.deepEqual(changed.chartNames(), ['0', 'a', 'bb', 'c'])
        assert.deepEqual(readIndexText(changed.toBytes()).chartNames(), ['0', 'a', 'bb', 'c'])
        const none = again.withCharts(
          new Map([
            ['a', []],
            ['b', []],
            ['c', []],
          ]),
        )
        assert.deepEqual(readIndexText(none.toBytes()).chartNames(), [])
        assert.equal(readIndexText(none.toBytes()).bookkeeping.generation, 7)
      })

      it('is not modified when a changed text is made from it', () => {
        const before = textOf(again)
        again.withCharts(change('a', version('a', '9.0.0'))).withHeader({ bookkeeping, generated: undefined })
        assert.equal(textOf(again), before)
      })

      it('is not written with an entry for which Helm refuses the index', () => {
        const bad = { ...version('a', '1.0.0'), appVersion: 1 }
        assert.throws(
          () => again.withCharts(change('a', bad)).toBytes(),
          invalid(/chart a version 1\.0\.0: appVersion is the number 1/),
        )
      })
    })
  }

  it('keeps the bytes of unchanged versions in an unusual layout', () => {
    const index = read(YAML)
    assert.equal(index.path, 'slices')
    const [first, second] = index.versions('alpine')
    assert.ok(first !== undefined && second !== undefined)
    assert.equal(first['description'], 'Deploys a thing')
    const changed = textOf(index.withCharts(change('alpine', second, version('alpine', '0.0.1'))))
    assert.equal(
      changed,
      `apiVersion: v1
serverInfo:
  contextPath: /x
entries:
  alpine:
  - version: 0.1.0
    name:   alpine
  - name: alpine
    urls:
    - alpine-0.0.1.tgz
    version: 0.0.1
  nginx:
    - {name: nginx, version: 1.0.0}
generated: "2024-01-01T00:00:00Z"
`,
    )
  })

  it('has a new version at the indentation of its chart', () => {
    const index = read(YAML)
    const changed = textOf(index.withCharts(change('nginx', version('nginx', '2.0.0'), ...index.versions('nginx'))))
    assert.match(
      changed,
      /\n {2}nginx:\n {4}- name: nginx\n {6}urls:\n {6}- nginx-2\.0\.0\.tgz\n {6}version: 2\.0\.0\n {4}- \{name/,
    )
    assert.equal(read(changed).versions('nginx').length, 2)
  })

  it('keeps top-level keys and annotations of other programs', () => {
    const yaml = read(`annotations:\n  team: x\n  helm-s3/newer: "?"\n${YAML}publicKeys:\n- k\n`)
    const back = readIndexText(yaml.withHeader({ bookkeeping, generated: undefined }).toBytes())
    assert.deepEqual(back.bookkeeping, bookkeeping)
    assert.match(textOf(back), /\n {2}team: x\n {2}helm-s3\/newer: '\?'\n/)
    assert.match(textOf(back), /^apiVersion: v1\nserverInfo:\n {2}contextPath: \/x\npublicKeys:\n- k\nentries:\n/)
    const json = read('{"foo":{"x":1},"apiVersion":"v1","annotations":{"team":"x"},"entries":{}}')
    assert.match(
      textOf(json),
      /^\{"apiVersion":"v1","foo":\{"x":1\},"entries":\{\n\},"annotations":\{"team":"x"\}\}\n$/,
    )
  })

  for (const form of ['json', 'yaml'] satisfies IndexForm[]) {
    describe(`read from its end, in the ${form} form`, () => {
      const index = emptyIndexText(form)
        .withCharts(new Map(['a', 'b'].map((name) => [name, [version(name, '1.0.0')]])))
        .withHeader({ bookkeeping, generated: '2024-01-01T00:00:00Z' })
      const bytes = index.toBytes()
      const start = Buffer.from(bytes).indexOf(form === 'json' ? '},"generated"' : 'generated:')
      const endFrom = (at: number): ReturnType<typeof readIndexEnd> => readIndexEnd(bytes.subarray(at), bytes.length)

      it('gives the bookkeeping and the time of generation', () => {
        for (let at = 0; at < start; at++) {
          const end = endFrom(at)
          assert.ok(end !== undefined && end !== 'cut')
          assert.deepEqual(end.header.annotations.bookkeeping, bookkeeping)
          assert.equal(end.header.generated, '2024-01-01T00:00:00Z')
          assert.equal(end.paging, undefined, 'it has no page table')
        }
      })

      it('gives no incomplete bookkeeping when its start is not in the given bytes', () => {
        for (let at = start; at < bytes.length; at++) {
          const end = endFrom(at)
          if (end === undefined || end === 'cut') continue
          assert.ok(form === 'yaml' && at <= Buffer.from(bytes).indexOf('\nannotations:'))
          assert.deepEqual(end.header.annotations.bookkeeping, bookkeeping)
          assert.equal(end.paging, undefined)
        }
      })

      it('gives nothing when there are other fields after the charts', () => {
        for (const other of ['x\n', 'publicKeys: []\n', 'apiVersion: v1\n', '}\n', '# \rgenerated: null\n']) {
          const text = Buffer.concat([bytes, Buffer.from(other)])
          assert.ok([undefined, 'cut'].includes(tellsOf(text)), JSON.stringify(other))
        }
      })
    })
  }

  it('is read as a whole when its end cannot be read', () => {
    for (const text of [
      '{"apiVersion":"v1","entries":{\n},"annotations":{"helm-s3/generation":"x"}}\n',
      '{"apiVersion":"v1","entries":{\n},"annotations":{"a":1}}\n',
      'apiVersion: v1\nentries: {}\nannotations:\n  a: [1]\n',
      'entries: {}\ngenerated: null\napiVersion: v1\n',
      'apiVersion: v1\nserverInfo: &a {}\nentries: {}\nannotations: *a\n',
      'apiVersion: v1\nentries: {a: [{name: a,\nannotations: {b: c},\nversion: 1.0.0}]}\n',
    ])
      assert.equal(tellsOf(Buffer.from(text)), undefined, text)
  })

  it('is read from any JSON, and written in its own layout', () => {
    const json = { apiVersion: 'v1', entries: { b: [{ name: 'b', version: '1.0.0', size: 12 }, null], a: [] } }
    for (const text of [
      JSON.stringify(json),
      JSON.stringify(json, null, 2),
      JSON.stringify(json, null, '\t').replaceAll('\n', '\r\n'),
    ]) {
      const index = read(text)
      assert.equal(index.path, 'relaid')
      assert.equal(
        textOf(index),
        '{"apiVersion":"v1","entries":{\n"b":[\n{"name":"b","version":"1.0.0","size":12}\n],\n"a":[\n]\n}}\n',
      )
      assert.equal(readIndexText(index.toBytes()).path, 'slices')
    }
  })

  it('is read with field names in any case, as by Helm', () => {
    const index = read('{"ApiVersion":"v1","Entries":{"a":[{"Name":"a","VERSION":"1.0.0","digest":null}]}}')
    assert.deepEqual(index.versions('a'), [{ name: 'a', version: '1.0.0' }])
    assert.equal(index.find({ name: 'a', version: '1.0.0' })?.name, 'a')
  })

  it('keeps entries without name or version, which Helm skips', () => {
    const index = read('{"apiVersion":"v1","entries":{"a":[{},{"name":"b","version":"1.0.0"}]}}')
    assert.deepEqual(index.versions('a'), [
      { name: '', version: '' },
      { name: 'b', version: '1.0.0' },
    ])
  })

  it('is not checked in charts that nobody asks for', () => {
    const good = '  good:\n  - name: good\n    version: 1.0.0\n'
    const bad = `apiVersion: v1\nentries:\n  bad:\n  - name: bad\n    version: 1.0\n${good}`
    const index = read(bad)
    assert.deepEqual(index.versions('good'), [{ name: 'good', version: '1.0.0' }])
    assert.throws(() => index.versions('bad'), invalid(/chart bad: version is the number 1, not a string/))
    assert.equal(textOf(index.withCharts(change('good', ...index.versions('good')))), bad)
  })

  it('can be converted to the other form and back', () => {
    const json = emptyIndexText('json')
      .withCharts(change('alpine', { ...version('alpine', '1.0.0'), description: 'a\nb: "c"', appVersion: '1e3' }))
      .withHeader({ bookkeeping, generated: '2024-01-01T00:00:00Z' })
    const yaml = readIndexText(json.toForm('yaml').toBytes())
    assert.equal(yaml.form, 'yaml')
    assert.deepEqual(contentOf(yaml), contentOf(json))
    assert.deepEqual(yaml.bookkeeping, bookkeeping)
    assert.deepEqual(contentOf(readIndexText(yaml.toForm('json').toBytes())), contentOf(json))
    assert.equal(json.toForm('json'), json)
  })

  it('cannot be converted to YAML with fields that Helm does not know', () => {
    const entryField = read('{"apiVersion":"v1","entries":{"a":[{"name":"a","version":"1.0.0","size":12}]}}')
    assert.throws(() => entryField.toForm('yaml'), invalid(/chart a version 1\.0\.0: has the field size/))
    const topField = read('{"apiVersion":"v1","foo":1,"entries":{}}')
    assert.throws(() => topField.toForm('yaml'), invalid(/the field foo/))
  })

  it('is read without a full parse with CRLF line ends and a byte order mark', () => {
    const index = read(`\ufeff${YAML.replaceAll('\n', '\r\n')}`)
    assert.equal(index.path, 'slices')
    assert.deepEqual(index.versions('alpine'), read(YAML).versions('alpine'))
  })

  it('is refused when it is JSON that is cut anywhere, in our layout and in another', () => {
    const index = emptyIndexText('json').withCharts(
      change('alpine', { ...version('alpine', '1.0.0'), home: 'a: b #c' }),
    )
    const ours = textOf(index)
    const indented = JSON.stringify(JSON.parse(ours), null, 2)
    for (const text of [ours.trimEnd(), indented]) {
      for (let end = 0; end < text.length; end++)
        assert.throws(() => read(text.slice(0, end)), invalid(/./), text.slice(0, end))
    }
  })

  const refused: readonly (readonly [string, string, RegExp])[] = [
    ['an empty file', '', /the file is empty/],
    ['blanks', ' \n', /no apiVersion/],
    ['another kind of text', 'hello', /no mapping/],
    ['a JSON list', '[]', /no mapping/],
    ['an index without apiVersion', '{"entries":{}}', /no apiVersion/],
    ['cut JSON', '{"apiVersion":"v1","entries":{\n"a":[\n{"name":"a"', /neither JSON nor YAML/],
    ['entries that are a list', '{"apiVersion":"v1","entries":[]}', /entries is a list, not a mapping/],
    [
      'an annotation that is not a string',
      '{"apiVersion":"v1","annotations":{"a":1},"entries":{}}',
      /annotations\.a is the number 1/,
    ],
    [
      'a generation time that is not a time',
      '{"apiVersion":"v1","generated":"2024-02-30T00:00:00Z"}',
      /generated is not a time/,
    ],
    ['a chart that is not a list', '{"apiVersion":"v1","entries":{"a":{}}}', /chart a is not a list/],
    ['an entry that is not a mapping', '{"apiVersion":"v1","entries":{"a":["x"]}}', /chart a: is not a mapping/],
    ['YAML with an unknown key', 'apiVersion: v1\nfoo: 1\n', /the field foo is unknown to Helm/],
    ['YAML with a duplicate key', 'apiVersion: v1\napiVersion: v1\n', /already set/],
    ['YAML with a duplicate chart', 'apiVersion: v1\nentries:\n  a:\n  - name: a\n  a:\n  - name: a\n', /already set/],
    ['bytes that are not UTF-8', Buffer.from('apiVersion: "\xff"\n', 'latin1').toString('latin1'), /./],
  ]
  for (const [name, text, problem] of refused) {
    it(`is refused: ${name}`, () => assert.throws(() => readIndexText(Buffer.from(text, 'latin1')), invalid(problem)))
  }
})

const contentOf = (index: IndexText): unknown =>
  Object.fromEntries(index.chartNames().map((name) => [name, index.versions(name)]))
