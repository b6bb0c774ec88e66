import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { hasCode } from '../../../../lib/errors.ts'
import type { Entry } from '../../../../lib/core/log/entry.ts'
import { type IndexForm, emptyIndexText, readIndexText } from '../../../../lib/core/index/index-text.ts'
import { salvageIndex } from '../../../../lib/core/index/salvage/salvage.ts'
import { entry } from '../../../support/builders.ts'
import { budget } from '../../../support/budget.ts'

/** Every entry as a text. */
function entriesIn(bytes: Uint8Array): readonly string[] {
  const index = readIndexText(bytes)
  return index.chartNames().flatMap((name) => index.versions(name).map((each) => JSON.stringify(each)))
}

/** The name and the version of an entry. */
function idOf(text: string): string {
  const { name, version } = JSON.parse(text) as Entry
  return JSON.stringify([name, version])
}

function isRefused(bytes: Uint8Array): boolean {
  try {
    entriesIn(bytes)
    return false
  } catch (error) {
    if (hasCode(error, 'invalid-index')) return true
    throw error
  }
}

const YAML = (fields: string): Buffer =>
  Buffer.from(
    `apiVersion: v1\nentries:\n  app:\n  - name: app\n    version: 1.1.0\n    urls: [app-1.1.0.tgz] # as it ` +
      `was\n${fields}  - name: app\n    version: 1.0.0\n    urls:\n    - 'app-1.0.0.tgz'\ngenerated: ` +
      `"2026-01-01T00:00:00Z"\n`,
  )

const REAL = ['helm-repo-index.yaml', 'helm-repo-index.json']
const read = (name: string): Buffer => readFileSync(new URL(`../../../../fixtures/indexes/${name}`, import.meta.url))

describe('the salvage of a damaged index', () => {
  const MENDED: Readonly<Record<string, readonly [string, Readonly<Record<string, unknown>>]>> = {
    'a number instead of a string': ['    appVersion: 392065e2\n', { appVersion: '392065e2' }],
    'a number with a trailing zero': ['    appVersion: 1.10\n', { appVersion: '1.10' }],
    'a number among keywords': ['    keywords: [1, web]\n', { keywords: ['1', 'web'] }],
    'a boolean in an annotation': ['    annotations:\n      a: yes\n', { annotations: { a: 'yes' } }],
    'a number in a dependency': [
      '    dependencies:\n    - name: db\n      version: 1.0\n',
      { dependencies: [{ name: 'db', version: '1.0' }] },
    ],
    'a date without a time': ['    created: 2026-01-01\n', { created: '2026-01-01T00:00:00.000Z' }],
    'a field that Helm does not know': ['    size: 5\n', {}],
    'a field that cannot be read': ['    description: "never closed\n', {}],
  }
  for (const [what, [text, fields]] of Object.entries(MENDED)) {
    it(`repairs an entry with ${what}, and keeps every byte of the other entries`, () => {
      const damaged = YAML(text)
      assert.ok(isRefused(damaged))
      const { index, kept, lost, mended } = salvageIndex(damaged)
      assert.deepEqual([kept, lost, mended], [2, [], [{ name: 'app', version: '1.1.0', line: 4 }]])
      assert.deepEqual(index.versions('app')[0], { name: 'app', version: '1.1.0', urls: ['app-1.1.0.tgz'], ...fields })
      assert.ok(Buffer.from(index.toBytes()).includes(`    version: 1.0.0\n    urls:\n    - 'app-1.0.0.tgz'\n`))
      assert.equal(index.generated, '2026-01-01T00:00:00Z')
    })
  }

  it('keeps the digits of a version that is written as a number', () => {
    const { index } = salvageIndex(
      Buffer.from('apiVersion: v1\nentries:\n  app:\n  - name: app\n    version: 1\n    urls: [app-1.tgz]\n'),
    )
    assert.deepEqual(index.versions('app'), [{ name: 'app', version: '1', urls: ['app-1.tgz'] }])
  })

  it('keeps every entry before and after a line that is not valid YAML', () => {
    for (const line of ['  }{\n', '\t\n', '- : -\n', '  - {\n', 'nonsense\n']) {
      const text = YAML('').toString()
      const behind = salvageIndex(Buffer.from(text + line))
      const between = salvageIndex(Buffer.from(text.replace('  - name: app\n    version: 1.0.0', `${line}$&`)))
      for (const { index } of [behind, between])
        assert.deepEqual(
          index.versions('app').map(({ version }) => version),
          ['1.1.0', '1.0.0'],
          JSON.stringify(line),
        )
    }
  })

  it('reports each lost entry with its line', () => {
    const { kept, lost } = salvageIndex(
      Buffer.from(
        'apiVersion: v1\nentries:\n  app:\n  - name: app\n    versionx: 1\n  - name: app\n    version: 2.0.0\n',
      ),
    )
    assert.deepEqual([kept, lost], [1, [{ name: 'app', version: undefined, line: 4 }]])
    const json = salvageIndex(
      Buffer.from(
        '{"apiVersion":"v1","entries":{\n"app":[\n{"name":"app","version":"1.0.0","urls":["x},\n{"name":"app","version":"0.1.0","urls":["y"]}\n]\n}}\n',
      ),
    )
    assert.deepEqual([json.kept, json.lost], [1, [{ name: 'app', version: '1.0.0', line: 3 }]])
  })

  it('takes a damaged name from the chart and a damaged version from the file name', () => {
    const item = (name: string, version: string): string =>
      `  - name: ${name}\n    version: ${version}\n    appVersion: 5\n    urls: [app-1.2.3%2Bb.tgz]\n`
    for (const [name, version] of [
      ['ap', '1.2.3+b'],
      ['app', '1.2.'],
      ['app', '"1.2'],
      ['app', '1.2'],
      ['"app', '1.2.3+b'],
    ] as const) {
      const { index, lost } = salvageIndex(Buffer.from(`apiVersion: v1\nentries:\n  app:\n${item(name, version)}`))
      assert.deepEqual(
        [index.versions('app').map((each) => `${each.name} ${each.version}`), lost],
        [['app 1.2.3+b'], []],
        `${name} ${version}`,
      )
    }
  })

  it('keeps an entry without a name in its chart, whatever entries are before it', () => {
    const yaml = (before: string, after: string): Buffer =>
      Buffer.from(`apiVersion: v1\nentries:\n  dd:\n${before}  - {version: 6.0.0, urls: ["dd-6.0.0.tgz"]}\n${after}`)
    const json = (...entries: readonly string[]): Buffer =>
      Buffer.from(`{"apiVersion":"v1","entries":{"dd":[\n${entries.join(',\n')}\n]}}`)
    const found = (bytes: Uint8Array): readonly string[] => {
      const { index, lost } = salvageIndex(bytes)
      return [
        ...index.chartNames().flatMap((chart) => index.versions(chart).map(({ version }) => `${chart} ${version}`)),
        ...lost.map(({ version }) => `lost ${String(version)}`),
      ]
    }
    const five = '  - {name: dd, version: 5, urls: ["dd-5.0.0.tgz"]}\n'
    const eight = '  - {name: dd, urls: ["dd-8.0.0.tgz"]}\n'
    assert.deepEqual(found(yaml(eight, five)), ['dd 8.0.0', 'dd 6.0.0', 'dd 5.0.0'])
    assert.deepEqual(found(yaml('', five)), ['dd 6.0.0', 'dd 5.0.0'])
    assert.deepEqual(found(yaml(five, '')), ['dd 5.0.0', 'dd 6.0.0'])
    assert.deepEqual(found(yaml(five, '  - {version: 7, urls: ["dd-7.0.0.tgz"]}\n')), [
      'dd 5.0.0',
      'dd 6.0.0',
      'dd 7.0.0',
    ])
    const unnamed = '{"version":"6.0.0","urls":["dd-6.0.0.tgz"]}'
    const broken = '{"name":"dd","version":"5.0.0","urls":["dd-5.0.0.tgz"],"description":1}'
    assert.deepEqual(found(json(broken, unnamed)), ['dd 5.0.0', 'dd 6.0.0'])
    assert.deepEqual(found(json(broken, 'oops', unnamed)), ['dd 5.0.0', 'dd 6.0.0'])
    const alone = Buffer.from(`apiVersion: v1\nentries:\n  - {version: 6.0.0, urls: ["dd-6.0.0.tgz"]}\n${five}`)
    assert.deepEqual(found(alone), ['dd 5.0.0', 'lost 6.0.0'])
  })

  describe('reports items that Helm does not read as entries as skipped and not as lost:', () => {
    const yaml = (items: string): Buffer => YAML(`    appVersion: 5\n${items}`)
    const json = (items: string, chart = '"app":['): Buffer =>
      Buffer.from(
        `{"apiVersion":"v1","entries":{\n${chart}\n${items}{"name":"app","version":"1.0.0","appVersion":5,"urls":["app-1.0.0.tgz"]}\n]\n}}\n`,
      )
    const skippedIn = (bytes: Buffer): object => {
      assert.ok(isRefused(bytes))
      const { kept, lost, skipped } = salvageIndex(bytes)
      return {
        kept,
        lost,
        skipped: skipped.map(({ line, name, reason }) => `${reason} ${String(name)} ${String(line)}`),
      }
    }
    const texts: Readonly<Record<string, readonly [Buffer, number, readonly string[]]>> = {
      'null items in YAML': [yaml('  - null\n'), 2, ['null app 8']],
      'other spellings of null in YAML': [
        yaml('  - ~\n  -\n  - NULL\n'),
        2,
        ['null app 8', 'null app 9', 'null app 10'],
      ],
      'items without a version in YAML': [yaml('  - name: app\n    urls: [x.tgz]\n'), 2, ['no-version app 8']],
      'items with an empty or null version in YAML': [
        yaml('  - name: web\n    version: ""\n  - version: null\n    created: "2026-01-01T00:00:00Z"\n'),
        2,
        ['no-version web 8', 'no-version app 10'],
      ],
      'empty items in YAML': [yaml('  - {}\n'), 2, ['no-version app 8']],
      'null items in JSON': [json('null,\n'), 1, ['null app 3']],
      'several null items in one line of JSON': [
        json('null, null,\nnull,\n'),
        1,
        ['null app 3', 'null app 3', 'null app 4'],
      ],
      'a null item in the line of the chart name in JSON': [json('', '"app":[null,'), 1, ['null app 2']],
      'items without a version in JSON': [
        json('{"name":"web"},\n{"name":"app","urls":["x.tgz"]},\n'),
        1,
        ['no-version web 3', 'no-version app 4'],
      ],
      'items with an empty version in JSON': [
        json('{"name":"app","version":"","urls":["x.tgz"]},\nnull,\n'),
        1,
        ['no-version app 3', 'null app 4'],
      ],
    }
    for (const [what, [bytes, kept, skipped]] of Object.entries(texts)) {
      it(what, () => {
        assert.deepEqual(skippedIn(bytes), { kept, lost: [], skipped })
      })
    }

    it('except an item whose version is in the file name, which is kept', () => {
      for (const bytes of [
        yaml('  - name: app\n    urls: [app-2.0.0.tgz]\n'),
        json('{"name":"app","urls":["app-2.0.0.tgz"]},\n'),
      ]) {
        assert.equal(salvageIndex(bytes).index.find({ name: 'app', version: '2.0.0' })?.version, '2.0.0')
      }
    })

    it('except damaged items, which are lost', () => {
      for (const bytes of [
        yaml('  - name: web\n    version: [\n'),
        yaml('  - null\n  version: 1.0.0\n'),
        json('{"name":"web","version":"1.0.0","maintainers":[{"name":"x"}],"urls":["web-1.0.0.tgz"\n'),
        json('{"name":"web","version":5},\n'),
      ]) {
        const { lost, skipped } = salvageIndex(bytes)
        assert.ok(lost.length > 0 && skipped.length === 0, bytes.toString())
      }
    })
  })

  it('keeps an entry under its own name when the name of its chart is damaged', () => {
    const text = YAML('')
      .toString()
      .replace('  - name: app\n    version: 1.0.0', '  db&  - name: db\n    version: 1.0.0')
    const { index, lost } = salvageIndex(Buffer.from(text))
    assert.deepEqual(
      [index.chartNames().map((name) => index.versions(name).map(({ version }) => `${name} ${version}`)), lost],
      [[['app 1.1.0'], ['db 1.0.0']], []],
    )
  })

  it('loses at most one entry when a line of YAML has a wrong indentation', () => {
    const text = YAML('')
      .toString()
      .replace('  - name: app\n    version: 1.1.0', '  - apiVersion: v2\n    name: app\n    version: 1.1.0')
    const damages = [
      text.replace('  - apiVersion', '  -\napiVersion'),
      text.replace('  - apiVersion', '\napiVersion'),
      text.replace('  - apiVersion', '- apiVersion'),
      text.replace('  - apiVersion', '\n-  apiVersion'),
      text.replace('  app:', '-   app:'),
      text.replace('  app:', '   app:'),
      text.replace('  - apiVersion', '     - apiVersion'),
    ]
    for (const damaged of damages) {
      const { index } = salvageIndex(Buffer.from(damaged))
      assert.ok(index.chartNames().flatMap((name) => index.versions(name)).length >= 1, damaged)
      assert.equal(index.find({ name: 'app', version: '1.0.0' })?.name, 'app', damaged)
      assert.equal(index.generated, '2026-01-01T00:00:00Z', damaged)
    }
  })

  it('reports whether the end of the text may be missing', () => {
    const json = emptyIndexText('json')
      .withCharts(new Map([['app', [entry('app', '1.0.0')]]]))
      .toBytes()
    for (const text of [YAML(''), json]) assert.equal(salvageIndex(text).mayBeCut, false)
    for (const text of [YAML('').subarray(0, 150), json.subarray(0, json.length - 3)])
      assert.equal(salvageIndex(text).mayBeCut, true)
  })

  it('ends in time for long texts that are deeply nested or damaged many times', () => {
    const lines = '   x: [\n  - {\n'.repeat(2000)
    for (const text of [
      `entries:\n  app:\n${lines}`,
      '{"entries":{'.repeat(2000),
      '{'.repeat(20_000),
      '{"version":"1","urls":[]},'.repeat(2000),
    ]) {
      assert.ok(!isRefused(salvageIndex(Buffer.from(text)).index.toBytes()))
    }
  })

  it('finds nothing in a text that is not an index', () => {
    for (const text of ['', 'hello', '[]', '{}', '<html></html>', '\u0000\u0001', '- a\n- b\n']) {
      const { kept, lost, mended } = salvageIndex(Buffer.from(text))
      assert.deepEqual([kept, lost, mended], [0, [], []], text)
    }
  })

  it('keeps the bookkeeping and the annotations that can be read', () => {
    const head = '"annotations":{"helm-s3/generation":"7","helm-s3/write":"ab","other":"kept"}'
    const { index } = salvageIndex(
      Buffer.from(`{"apiVersion":"v1",${head},"entries":{\n"app":[\n{"name":"app","version":5}\n]\n}}\n`),
    )
    assert.equal(index.bookkeeping.generation, 7)
    assert.ok(Buffer.from(index.toBytes()).includes('"other":"kept"'))
  })

  it('gives an index that Helm accepts for random bytes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.string().map((text) => Buffer.from(`apiVersion: v1\nentries:\n  app:\n  - ${text}`)),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          assert.ok(!isRefused(salvageIndex(bytes).index.toBytes()))
        },
      ),
      { seed: 1010 },
    )
  })

  for (const form of ['json', 'yaml'] as const satisfies readonly IndexForm[]) {
    it(`loses at most one entry of an index in the ${form} form that is damaged in one place`, () => {
      const entries = (name: string): Entry[] =>
        ['3.0.0', '2.0.0+b', '1.0.0'].map((version) => ({
          ...entry(name, version),
          description: `the "${name}" of ${version}: - x`,
          keywords: ['a', 'b'],
        }))
      const text = emptyIndexText(form)
        .withCharts(new Map(['app', 'db', 'web'].map((name) => [name, entries(name)])))
        .toBytes()
      damageEverywhere(text)
    })
  }

  for (const name of REAL) {
    it(`loses at most one entry of the real ${name} that is damaged in one place`, () => {
      damageEverywhere(read(name))
    })
  }
})

/**
 * Bytes are removed, inserted or replaced at one place. At least all entries except one must come back. At least all
 * entries except two must be unchanged, because the place may lie between two entries.
 */
function damageEverywhere(text: Uint8Array): void {
  const before = entriesIn(text)
  const damage = fc.record({
    at: fc.nat({ max: text.length - 1 }),
    taken: fc.nat({ max: 3 }),
    put: fc.constantFrom('', '"', "'", '{', '}', '[', ']', ':', '\n', ' ', '\t', '\u0000', '&', '*', '#', '- ', '9e9'),
  })
  fc.assert(
    fc.property(damage, ({ at, put, taken }) => {
      const damaged = Buffer.concat([text.subarray(0, at), Buffer.from(put), text.subarray(at + taken)])
      if (!isRefused(damaged)) return
      const { index } = salvageIndex(damaged)
      const after = entriesIn(index.toBytes())
      const missing = (entries: readonly string[], present: readonly string[]): string[] =>
        entries.filter((each) => !present.includes(each))
      const where = `${JSON.stringify(put)} at ${String(at)}`
      assert.ok(
        missing(before.map(idOf), after.map(idOf)).length <= 1,
        `${where} loses ${missing(before, after).join('\n')}`,
      )
      assert.ok(missing(before, after).length <= 2, `${where} changes ${missing(before, after).join('\n')}`)
    }),
    { seed: 1011, numRuns: budget(400) },
  )
}
