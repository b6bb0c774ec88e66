import assert from 'node:assert/strict'
import fc from 'fast-check'
import { checkBase } from '../../../lib/core/check/check-base.ts'
import { tidyIndex } from '../../../lib/core/check/tidy-index.ts'
import { readIndexText } from '../../../lib/core/index/index-text.ts'
import { contentOf, digestOf, indexOf, entry } from '../../support/builders.ts'

const index = (entries: string): Buffer => Buffer.from(`{"apiVersion":"v1","entries":${entries}}`)
const version = (name: string, of: string, content = 'a'): string => JSON.stringify(entry(name, of, content))
const codesOf = (bytes: Uint8Array): readonly string[] => checkBase(readIndexText(bytes), bytes).map(({ code }) => code)

describe('a tidy index', () => {
  it('is the same as an index without problems', () => {
    const before = indexOf(entry('app', '1.1.0'), entry('app', '1.0.0'), entry('web', '0.1.0'))
    assert.deepEqual(tidyIndex(before).toBytes(), before.toBytes())
  })

  it('keeps the first entry of a version, and gives entries the name of their chart', () => {
    const bytes = index(
      `{"app":[${version('app', '1.0.0', 'first')},${version('app', '1.0.0', 'second')},${version('web', '2.0.0')},${version('web', '1.0.0', 'stray')}],"web":[${version('web', '1.0.0')}]}`,
    )
    assert.deepEqual(contentOf(tidyIndex(readIndexText(bytes))), [
      `app 2.0.0 ${digestOf('a')}`,
      `app 1.0.0 ${digestOf('first')}`,
      `web 1.0.0 ${digestOf('a')}`,
    ])
  })

  it('has s3 urls without their query, and other urls unchanged', () => {
    const urls_ = (urls: readonly string[]): string => JSON.stringify({ ...entry('app', '1.0.0'), urls })
    const bytes = index(
      `{"app":[${urls_(['s3://acme/charts/app-1.0.0%2Bb.tgz?endpoint=http://evil.example&profile=admin', 'https://cdn.example/app.tgz?v=1', 'app.tgz'])}]}`,
    )
    assert.deepEqual(codesOf(bytes), ['entry-url-query'])
    const tidied = tidyIndex(readIndexText(bytes)).toBytes()
    assert.deepEqual(readIndexText(tidied).versions('app')[0]?.urls, [
      's3://acme/charts/app-1.0.0%2Bb.tgz',
      'https://cdn.example/app.tgz?v=1',
      'app.tgz',
    ])
    assert.deepEqual(codesOf(tidied), [])
  })

  it('has no findings except entry-unnamed and entry-left-out, and stays the same when it is tidied again', () => {
    const anyEntry = fc.oneof(
      fc.constant('null'),
      fc.constant('{}'),
      fc
        .record({
          name: fc.constantFrom('app', 'web', 'a/b', ''),
          version: fc.constantFrom('1.0.0', '1.0.0+b', '2.0.0-rc.1', 'v3', 'latest', ''),
        })
        .map((id) => JSON.stringify({ ...entry('app', '1.0.0'), ...id, type: 'application' })),
    )
    const charts = fc.tuple(fc.array(anyEntry, { maxLength: 6 }), fc.array(anyEntry, { maxLength: 6 }))
    fc.assert(
      fc.property(charts, ([app, web]) => {
        const tidied = tidyIndex(readIndexText(index(`{"app":[${app.join(',')}],"web":[${web.join(',')}]}`))).toBytes()
        assert.deepEqual(
          codesOf(tidied).filter((code) => code !== 'entry-unnamed' && code !== 'entry-left-out'),
          [],
        )
        assert.deepEqual(tidyIndex(readIndexText(tidied)).toBytes(), tidied)
      }),
      { seed: 9 },
    )
  })
})

describe('the check of a base', () => {
  const texts: Readonly<Record<string, readonly [string, readonly string[]]>> = {
    'block YAML without problems': [
      'apiVersion: v1\nentries:\n  app:\n  - name: app\n    version: 1.0.0\n    apiVersion: v2\n    urls:\n    - ' +
        'app-1.0.0.tgz\n    digest: ' +
        'a'.repeat(64) +
        '\n',
      [],
    ],
    'a null item in block YAML': ['apiVersion: v1\nentries:\n  app:\n  - null\n', ['entry-null']],
    'an empty item in YAML that is parsed in full': ['{apiVersion: v1, entries: {app: [~]}}', ['entry-null']],
    'an entry without metadata': ['{"apiVersion":"v1","entries":{"app":[{"urls":["x"]}]}}', ['entry-skipped']],
    'a type that Helm does not know': [
      `{"apiVersion":"v1","entries":{"app":[${version('app', '1.0.0').replace('{', '{"type":"plugin",')}]}}`,
      ['entry-left-out'],
    ],
    'a null maintainer': [
      `{"apiVersion":"v1","entries":{"app":[${version('app', '1.0.0').replace('{', '{"maintainers":[null],')}]}}`,
      ['entry-left-out'],
    ],
    'two dependencies of one name, which Helm tolerates': [
      `{"apiVersion":"v1","entries":{"app":[${version('app', '1.0.0').replace('{', '{"dependencies":[{"name":"a"},{"name":"a"}],')}]}}`,
      [],
    ],
    'a digest with the name of its algorithm': [
      `{"apiVersion":"v1","entries":{"app":[${version('app', '1.0.0').replace('"digest":"', '"digest":"sha256:')}]}}`,
      [],
    ],
    'a digest of another length': [
      `{"apiVersion":"v1","entries":{"app":[${version('app', '1.0.0').replace(/"digest":"../, '"digest":"')}]}}`,
      ['entry-digest-invalid'],
    ],
    'versions that differ in build metadata, in any order': [
      `{"apiVersion":"v1","entries":{"app":[${version('app', '1.0.0+a')},${version('app', '1.0.0+b')}]}}`,
      [],
    ],
    'versions out of order': [
      `{"apiVersion":"v1","entries":{"app":[${version('app', '1.0.0')},${version('app', '1.1.0')}]}}`,
      ['entries-unsorted'],
    ],
  }
  for (const [what, [text, expected]] of Object.entries(texts)) {
    it(`gives the right findings for ${what}`, () => {
      assert.deepEqual(codesOf(Buffer.from(text)), expected)
    })
  }
})
