import assert from 'node:assert/strict'
import type { StoredDelta } from '../../../lib/core/log/delta.ts'
import { type Entry, removalMatches } from '../../../lib/core/log/entry.ts'
import { compareEntries, compareIds, fold } from '../../../lib/core/fold.ts'
import type { ParsedText } from '../../../lib/core/index/index-form.ts'
import { type ReadPath, readIndexText } from '../../../lib/core/index/index-text.ts'
import { parseJson } from '../../../lib/core/index/json-form.ts'
import { parseYaml } from '../../../lib/core/index/yaml-form.ts'
import { hasCode } from '../../../lib/errors.ts'
import { delta, entry, removal } from '../../support/builders.ts'

/** Layouts of real repositories, and the path by which each is read. */
const YAML_SHAPES: Readonly<Record<string, readonly [ReadPath, string]>> = {
  'as Helm writes it': ['slices', chart('app', item('2.0.0'), item('1.0.0'))],
  'versions that are not sorted': ['slices', chart('app', item('1.0.0'), item('10.0.0'), item('2.0.0'))],
  'a version twice': ['slices', chart('app', item('1.0.0', 'a'), item('2.0.0'), item('1.0.0', 'b'))],
  'versions that are no semver': ['slices', chart('app', item('latest'), item('1.0.0.0'), item('"1.10"'), item("'7'"))],
  'versions with prereleases and build metadata': [
    'slices',
    chart('app', item('1.0.0-rc.1+b'), item('v1.0.0'), item('1.0.0+a_b')),
  ],
  'comments everywhere': [
    'slices',
    chart(
      'app',
      `# before\n${item('2.0.0')}  # between\n\n`,
      `  - name: app # a\n    # inside\n    version: 1.0.0 # newest\n# behind\n`,
    ),
  ],
  'items that are indented': ['slices', `  app:\n${item('2.0.0').replaceAll(/^/gm, '  ').trimEnd()}\n`],
  'items without indentation, deeper charts': ['slices', '  app:\n  - version: 1.0.0\n    name: app\n'],
  'quoted keys': ['slices', '  "app":\n  - "name": app\n    \'version\': 1.0.0\n'],
  'a key in another case': ['slices', '  app:\n  - Name: app\n    VERSION: 1.0.0\n    digest: d\n'],
  'a space before the colon': ['slices', '  app:\n  - name : app\n    version : 1.0.0\n'],
  'a version first, behind the dash': [
    'slices',
    '  app:\n  - version: 1.0.0\n    name: app\n  - version: 2.0.0\n    name: app\n',
  ],
  'a dash and many spaces': [
    'slices',
    '  app:\n  -   name: app\n      version: 1.0.0\n  - name: app\n    version: 2.0.0\n',
  ],
  'a dash on a line of its own': [
    'slices',
    '  app:\n  -\n    name: app\n    version: 1.0.0\n  - # here\n   version: 2.0.0\n   name: app\n',
  ],
  'flow items': ['slices', '  app:\n  - {name: app, version: 1.0.0}\n  - {name: app, version: "2.0.0"}\n'],
  'items that are null': ['slices', '  app:\n  - null\n  -\n  - name: app\n    version: 1.0.0\n  - ~\n'],
  'an item without a version': [
    'slices',
    '  app:\n  - name: app\n  - name: app\n    version: 1.0.0\n  - name: app\n    version:\n',
  ],
  'versions of dependencies': [
    'slices',
    '  app:\n  - dependencies:\n    - name: base\n      version: 9.0.0\n    - version: 8.0.0\n      name: other\n   ' +
      ' name: app\n    version: 1.0.0\n',
  ],
  'dependencies that are indented': [
    'slices',
    '  app:\n  - dependencies:\n      - name: base\n        version: 9.0.0\n    name: app\n    version: 1.0.0\n',
  ],
  'a version in a block scalar': [
    'slices',
    '  app:\n  - description: |\n      version: 9.0.0\n        - version: 8.0.0\n      app:\n    name: app\n    ' +
      'version: 1.0.0\n  - description: >-\n     version: 7.0.0\n\n     - x\n    version: 2.0.0\n    name: app\n',
  ],
  'a version in a quoted scalar over several lines': [
    'slices',
    '  app:\n  - description: "one\n     version: 9.0.0\n\n     - name: x"\n    name: app\n    version: 1.0.0\n',
  ],
  'a plain scalar over several lines': [
    'slices',
    '  app:\n  - description: one\n      version 9.0.0\n      - two\n    name: app\n    version: 1.0.0\n',
  ],
  'a version that goes on in the next line': [
    'slices',
    '  app:\n  - name: app\n    version: 1.0.0\n     rest\n  - name: app\n    version: 2.0.0\n\n      rest\n',
  ],
  'a version in a block scalar of its own': [
    'slices',
    '  app:\n  - name: app\n    version: |-\n      1.0.0\n  - name: app\n    version: "1.0\\x2e1"\n',
  ],
  'tabs in scalars': ['slices', '  app:\n  - description: a\tb\n    name: app\n    version: 1.0.0\n    home: "c\td"\n'],
  'other letters than ASCII': [
    'slices',
    '  app:\n  - description: Größe – 尺寸 🚀\n    name: app\n    version: 1.0.0\n  été:\n  - name: été\n    version: ' +
      '1.0.0\n',
  ],
  'single quotes within': ['slices', "  app:\n  - description: 'it''s: here'\n    name: app\n    version: '1.0.0'\n"],
  'charts without versions': ['slices', `  aaa: []\n${chart('app', item('1.0.0'))}  empty:\n  zzz: []\n`],
  'anchors and aliases': [
    'full-parse',
    '  app:\n  - name: &n app\n    version: &v 1.0.0\n    digest: d\n  other:\n  - name: other\n    version: *v\n',
  ],
  'merge keys': ['full-parse', '  app:\n  - &base\n    name: app\n    version: 1.0.0\n  - <<: *base\n    digest: d\n'],
  tags: ['full-parse', '  app:\n  - name: app\n    version: !!str 1.0\n'],
  'flow collections over several lines': [
    'full-parse',
    '  app:\n  - name: app\n    version: 1.0.0\n    urls: [a,\n      b]\n',
  ],
  'charts in a flow mapping': ['full-parse', '  {app: [{name: app, version: 1.0.0}]}\n'],
  'charts at another column': ['full-parse', '    app:\n    - name: app\n      version: 1.0.0\n'],
  'a tab before a comment': ['full-parse', '  app:\t# x\n  - name: app\n    version: 1.0.0\n'],
}

const JSON_SHAPES: Readonly<Record<string, readonly [ReadPath, string]>> = {
  'as this program writes it': [
    'slices',
    '"app":[\n{"name":"app","version":"2.0.0"},\n{"name":"app","version":"1.0.0"}\n]',
  ],
  'a version twice': [
    'slices',
    '"app":[\n{"name":"app","version":"1.0.0","digest":"a"},\n{"name":"app","version":"1.0.0","digest":"b"}\n]',
  ],
  'a field in another case': [
    'slices',
    '"app":[\n{"name":"app","version":"1.0.0","Version":"2.0.0"},\n{"NAME":"app","VERSION":"3.0.0"}\n]',
  ],
  'versions of dependencies': [
    'slices',
    '"app":[\n{"dependencies":[{"version":"9.0.0","name":"x"}],"name":"app","version":"1.0.0"}\n]',
  ],
  'a version in a text': [
    'slices',
    '"app":[\n{"description":"\\",\\"version\\":\\"9.0.0\\"","name":"app","version":"1.0.0"}\n]',
  ],
  'escapes in a version': ['slices', '"app":[\n{"name":"app","version":"1.0\\u002e0"}\n]'],
  'no version': ['slices', '"app":[\n{"name":"app"},\n{"name":"app","version":null}\n]'],
  'spaces within': ['slices', '"app":[\n{ "name" : "app" , "version" : "1.0.0" }\n]'],
  'other letters than ASCII': [
    'slices',
    '"app":[\n{"name":"app","version":"1.0.0","description":"Größe – 尺寸 ' +
      '🚀"}\n],\n"été":[\n{"name":"été","version":"1.0.0"}\n]',
  ],
  'another layout': ['relaid', '"app": [{"name":"app","version":"1.0.0"},{"name":"app",\n"version":"2.0.0"}]'],
  'versions that are null': ['relaid', '"app":[\nnull,\n{"name":"app","version":"1.0.0"}\n]'],
  'a chart that is null': ['full-parse', '"app":[\n{"name":"app","version":"1.0.0"}\n],\n"x":null'],
}

const DELTAS: readonly StoredDelta[] = [
  delta(3, { add: [entry('app', '1.5.0', 'new'), entry('nginx', '1.0.0', 'new')] }),
  delta(1, { remove: [removal('app', '1.0.0', 'a'), { name: 'app', version: '2.0.0' }, removal('other', '1.0.0')] }),
  delta(2, {
    addIfAbsent: [entry('app', '1.0.0', 'again'), entry('zzz', '0.1.0', 'new'), entry('app', '1.10', 'new')],
  }),
]

describe('index files of different shapes', () => {
  for (const [what, [path, entries]] of Object.entries(YAML_SHAPES)) {
    for (const [ends, text] of Object.entries(
      variants(`apiVersion: v1\nentries:\n${entries}generated: "2024-01-01T00:00:00Z"\n`),
    )) {
      it(`are read and folded as by a full parse: block YAML, ${what}${ends}`, () =>
        assertPlain(Buffer.from(text), path, parseYaml))
    }
  }

  for (const [what, [path, entries]] of Object.entries(JSON_SHAPES)) {
    const text = `{"apiVersion":"v1","entries":{\n${entries}\n}}\n`
    it(`are read and folded as by a full parse: JSON, ${what}`, () =>
      assertPlain(Buffer.from(text), path, (bytes) => parseJson(bytes) ?? assert.fail('no JSON')))
  }

  for (const [what, text] of Object.entries({
    'no entries': 'apiVersion: v1\n',
    'null entries': 'apiVersion: v1\nentries:\ngenerated: null\n',
    'empty entries in braces': 'apiVersion: v1\nentries: {}\n',
  })) {
    it(`are read and folded as by a full parse: ${what}`, () => assertPlain(Buffer.from(text), 'slices', parseYaml))
  }

  for (const [form, text] of Object.entries({
    yaml:
      'apiVersion: v1\nentries:\n  app:\n  - created: once\n    name: app\n    version: 2.0.0\n  - name: app\n  ' +
      '  version: 1.0.0\n',
    json: '{"apiVersion":"v1","entries":{\n"app":[\n{"created":"once","name":"app","version":"2.0.0"},\n{"name":"app","version":"1.0.0"}\n]\n}}\n',
  })) {
    it(`are changed without a check of versions that no delta names: ${form}`, () => {
      const index = readIndexText(Buffer.from(text))
      assert.throws(
        () => index.versions('app'),
        (error) => hasCode(error, 'invalid-index'),
      )
      const folded = fold(index, [
        delta(1, { add: [entry('app', '1.5.0')], remove: [{ name: 'app', version: '1.0.0' }] }),
      ])
      assert.deepEqual(
        folded.items('app').map(({ version }) => version),
        ['2.0.0', '1.5.0'],
      )
      const item = /(?:  - |\{"|)created[^-]*2\.0\.0"?[}\n]/.exec(text)?.[0] ?? assert.fail('no item')
      assert.ok(Buffer.from(folded.toBytes()).toString().includes(item))
    })
  }

  it('may have a quoted scalar whose next line looks like a chart', () => {
    const text =
      "apiVersion: v1\nentries:\n  app:\n  - description: 'one\n  nginx:\n  - version: 9.0.0'\n    name: app\n    " +
      'version: 1.0.0\n'
    const index = readIndexText(Buffer.from(text))
    assert.equal(index.path, 'slices')
    assert.deepEqual(index.chartNames(), ['app'])
    assert.deepEqual(index.versions('app'), [
      { description: 'one nginx: - version: 9.0.0', name: 'app', version: '1.0.0' },
    ])
  })

  it('are refused or read as by a full parse when they are cut anywhere', () => {
    const yaml =
      `apiVersion: ` +
      `v1\nentries:\n${chart('app', item('2.0.0'), item('1.0.0'))}${chart('nginx', item('1.0.0'))}generated: ` +
      `"2024-01-01T00:00:00Z"\n`
    const json =
      '{"apiVersion":"v1","entries":{\n"app":[\n{"name":"app","version":"2.0.0"},\n{"name":"app","version":"1.0.0"}\n],\n"b":[\n{"name":"b","version":"1.0.0"}\n]\n}}\n'
    for (const text of [yaml, json]) {
      for (let length = 1; length < text.length; length++) {
        const cut = Buffer.from(text.slice(0, length))
        assert.deepEqual(
          outcome(() => contentOf(cut)),
          outcome(() => [...parsed(cut).charts]),
          `cut at ${String(length)}`,
        )
      }
    }
  })
})

function chart(name: string, ...items: readonly string[]): string {
  return `  ${name}:\n${items.join('')}`
}

function item(version: string, digest = 'a'): string {
  return (
    `  - apiVersion: v2\n    created: "2024-01-01T00:00:00Z"\n    digest: ` +
    `${'0'.repeat(64 - digest.length)}${digest}\n    name: app\n    urls:\n    - https://example.org/app.tgz\n    ` +
    `version: ${version}\n`
  )
}

/** Changes that editors make to a file. */
function variants(text: string): Readonly<Record<string, string>> {
  return { '': text, ', with CRLF': text.replaceAll('\n', '\r\n'), ', with a byte order mark': `\ufeff${text}` }
}

function assertPlain(bytes: Buffer, path: ReadPath, parse: (bytes: Uint8Array) => ParsedText): void {
  const index = readIndexText(bytes)
  assert.equal(index.path, path)
  const { charts } = parse(bytes)
  for (const [name, entries] of charts) {
    assert.deepEqual(
      index.items(name).map(({ version }) => version),
      entries.map(({ version }) => version),
    )
    assert.deepEqual(readIndexText(bytes).versions(name), entries)
  }
  const folded = fold(index, DELTAS)
  const expected = plainFold(charts)
  const content = (text: typeof folded): unknown =>
    new Map(
      text
        .chartNames()
        .map((name) => [name, text.versions(name)] as const)
        .filter(([, list]) => list.length > 0),
    )
  assert.deepEqual(content(folded), expected)
  assert.deepEqual(content(readIndexText(folded.toBytes())), expected)
}

/** The fold of docs/FORMAT.md, on decoded entries. */
function plainFold(charts: ParsedText['charts']): Map<string, Entry[]> {
  const result = new Map([...charts].map(([name, entries]) => [name, [...entries]]))
  const touched = new Set<string>()
  const set = (name: string, entries: Entry[]): void => {
    touched.add(name)
    result.set(name, entries)
  }
  for (const { added, removed } of [...DELTAS].sort((a, b) => compareIds(a.id, b.id))) {
    for (const each of removed) {
      const list = result.get(each.name) ?? []
      const kept = list.filter((one) => one.version !== each.version || !removalMatches(each, one))
      if (kept.length < list.length) set(each.name, kept)
    }
    for (const { entry: added_, ifAbsent } of added) {
      const list = result.get(added_.name) ?? []
      if (ifAbsent && list.some(({ version }) => version === added_.version)) continue
      set(added_.name, [...list.filter(({ version }) => version !== added_.version), added_])
    }
  }
  for (const name of touched)
    result.get(name)?.sort((a, b) => compareEntries({ version: a.version, entry: a }, { version: b.version, entry: b }))
  return new Map([...result].filter(([, entries]) => entries.length > 0))
}

function parsed(bytes: Uint8Array): ParsedText {
  return (bytes[0] === 0x7b ? parseJson(bytes) : undefined) ?? parseYaml(bytes)
}

function contentOf(bytes: Uint8Array): unknown {
  const index = readIndexText(bytes)
  return index.chartNames().map((name) => [name, index.versions(name)])
}

function outcome(action: () => unknown): unknown {
  try {
    return action()
  } catch (error) {
    assert.ok(hasCode(error, 'invalid-index'), String(error))
    return 'invalid'
  }
}
