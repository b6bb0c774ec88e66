import assert from 'node:assert/strict'
import { readStoredMetadata } from '../../../lib/chart/stored-metadata.ts'
import { fold } from '../../../lib/core/fold.ts'
import {
  type IndexText,
  emptyIndexText,
  indexOfPages,
  indexOfParts,
  readIndexEnd,
  readIndexText,
  sliceIndexText,
} from '../../../lib/core/index/index-text.ts'
import { newItem } from '../../../lib/core/index/index-item.ts'
import { parseJson } from '../../../lib/core/index/json-form.ts'
import { parseYaml } from '../../../lib/core/index/yaml-form.ts'
import { layOut } from '../../../lib/core/index/lay-out.ts'
import { decodePageTable, encodePageTable } from '../../../lib/core/index/page-table.ts'
import { type PageText, type Paging, readPage } from '../../../lib/core/index/paging.ts'
import { salvageIndex } from '../../../lib/core/index/salvage/salvage.ts'
import { decodeDelta, encodeDelta } from '../../../lib/core/log/delta-text.ts'
import { HelmS3Error } from '../../../lib/errors.ts'
import {
  CONFIG_KEYS,
  changeConfig,
  configOf,
  decodeConfig,
  encodeConfig,
  isSameConfig,
} from '../../../lib/settings/repository-config.ts'
import { sha256Of } from '../../../lib/sys/sha256.ts'
import { delta, entry, indexOf, removal } from '../../support/builders.ts'
import { helmVectors } from '../../support/helm-vectors.ts'
import { type FuzzTarget, orRefused } from '../target.ts'

/** What lies in a bucket: anybody may have written it who may write there. */

const VERSIONS = [entry('app', '1.0.0'), entry('app', '1.1.0-rc.1+build'), entry('web', '0.2.0')]
const DEPENDENT = {
  ...entry('app', '2.0.0'),
  dependencies: [{ name: 'web', 'import-values': [['a']] }],
  keywords: ['a'],
  annotations: { a: 'b' },
  maintainers: [{ name: 'x' }],
}

const YAML_DELTA = `apiVersion: v1
addedEntries:
  app: &app
    - name: app
      version: 0.2.0
      urls: [app-0.2.0.tgz]
      description: |
        Two
        lines
removedEntries:
  app: [{name: app, version: 0.1.0, digest: "0c0f"}]
`

const YAML_INDEX = `apiVersion: v1
annotations:
  helm-s3/generation: "7"
entries:
  app:
  - name: app
    version: 1.0.0
    created: "2026-01-01T00:00:00Z"
    description: 'It''s a "chart"'
    urls:
    - app-1.0.0.tgz
  - &other
    name: app
    version: 0.9.0
    keywords: [a, "b"]
    urls: [app-0.9.0.tgz]
generated: "2026-01-01T00:00:00Z"
`

/** Indexes that real Helm was asked about, and what it writes. */
function realIndexes(): readonly Buffer[] {
  const odd = [
    ...helmVectors<readonly { readonly doc: string }[]>('index.json'),
    ...helmVectors<readonly { readonly doc: string }[]>('index-odd.json'),
  ]
  return odd.filter(({ doc }) => doc.length < 4096).map(({ doc }) => Buffer.from(doc))
}

function readWholeIndex(bytes: Uint8Array): IndexText {
  const index = readIndexText(bytes)
  const entries = index.chartNames().map((name) => [name, index.versions(name)] as const)
  assert.ok(index.toBytes().length > 0)
  const again = readIndexText(emptyIndexText('json').withCharts(new Map(entries)).toBytes())
  for (const [name, versions] of entries) assert.equal(again.versions(name).length, versions.length)
  return index
}

const contentOf = (index: IndexText): unknown => index.chartNames().map((name) => [name, index.versions(name)])

/** What a full parse makes of the text, in the form in which it was read. */
function parsedInFull(bytes: Uint8Array, form: IndexText['form']): IndexText {
  const { charts, header } = (form === 'json' ? parseJson(bytes) : parseYaml(bytes)) ?? assert.fail('it has no content')
  return indexOfParts(form, header, new Map([...charts].map(([name, entries]) => [name, entries.map(newItem)])))
}

const DELTAS = [
  delta(1, { remove: [removal('app', '1.0.0', 'a')], add: [entry('app', '1.2.0'), entry('new', '1.0.0')] }),
  delta(2, { addIfAbsent: [entry('web', '0.2.0', 'other'), entry('a', '1.0.0')] }),
]

/** What is read by slices, and what is folded into it, is what a full parse leads to. */
function compareWithFullParse(bytes: Uint8Array, index: IndexText): void {
  if (index.path === 'full-parse') return
  let whole: IndexText
  try {
    whole = parsedInFull(bytes, index.form)
  } catch (error) {
    // Charts in slices are decoded when they are asked for, and two that are not may be one too many.
    if (error instanceof HelmS3Error) return
    throw error
  }
  assert.deepEqual(contentOf(index), contentOf(whole))
  assert.deepEqual(contentOf(fold(index, DELTAS)), contentOf(fold(whole, DELTAS)))
}

const SMALL_PAGES = { tableFrom: 1, target: 150, most: 600, least: 50 }

/** An index with pages, as it is stored. */
function pagedText(form: 'json' | 'yaml'): Uint8Array {
  const index = indexOf(...VERSIONS, DEPENDENT, entry('other', '1.0.0')).toForm(form)
  const segments = layOut(index, SMALL_PAGES, sha256Of)
  assert.ok(segments !== 'whole')
  return Buffer.concat(segments.flatMap(({ bytes }) => bytes ?? []))
}

/** The pages of a text that prove themselves. Undefined: it has no table that fits. */
function provedPages(text: Buffer): { readonly paging: Paging; readonly pages: Map<number, PageText> } | undefined {
  const end = readIndexEnd(text, text.length)
  if (typeof end !== 'object' || end.paging === undefined) return undefined
  const { paging } = end
  const pages = new Map<number, PageText>()
  for (const [i, span] of paging.spans.entries()) {
    const page = readPage(paging, i, text.subarray(span.start, span.end), sha256Of)
    if (page !== undefined) pages.set(i, page)
  }
  return { paging, pages }
}

/** What is written of pages that prove themselves has a table that fits, and pages that prove themselves. */
function readPagedIndex(text: Buffer): void {
  const read = provedPages(text)
  if (read === undefined) return
  const index = indexOfPages(read.paging, read.pages)
  const segments = layOut(index, SMALL_PAGES, sha256Of)
  if (segments === 'whole' || read.pages.size < read.paging.spans.length) return
  const pieces = segments.flatMap(({ bytes, old }) => bytes ?? (old ? [text.subarray(old.start, old.end)] : []))
  const again = provedPages(Buffer.concat(pieces))
  assert.deepEqual(again?.paging.table, read.paging.table)
  assert.equal(again.pages.size, read.pages.size)
}

export const BUCKET_TARGETS: Readonly<Record<string, FuzzTarget>> = {
  deltas: {
    corpus: () => [
      encodeDelta({
        added: [...VERSIONS, DEPENDENT].map((each, i) => ({ entry: each, ifAbsent: i > 1 })),
        removed: [removal('app', '0.1.0', 'a')],
        origin: { user: 'ci' },
      }),
      Buffer.from(YAML_DELTA),
    ],
    take: async (bytes) => {
      const decoded = await decodeDelta(bytes)
      if (decoded.outcome !== 'delta') return
      assert.deepEqual(await decodeDelta(encodeDelta(decoded.delta)), decoded)
    },
  },
  config: {
    corpus: () => [
      encodeConfig(
        {
          relative: false,
          'literal-plus': true,
          'publish-url': 'https://example.com/c',
          acl: 'private',
          sse: 'aws:kms',
          'grace-window': '5m',
          format: 'json',
          other: [[1]],
        },
        'w',
      ),
    ],
    take: async (bytes) => {
      const { document, texts } = decodeConfig(bytes)
      configOf(texts)
      assert.ok(isSameConfig(document, document))
      for (const key of CONFIG_KEYS)
        await orRefused(['invalid-config'], () => encodeConfig(changeConfig(document, { [key]: undefined }), 'x'))
    },
  },
  index: {
    corpus: () => [
      indexOf(...VERSIONS, DEPENDENT).toBytes(),
      indexOf(...VERSIONS)
        .toForm('yaml')
        .toBytes(),
      Buffer.from(YAML_INDEX),
      ...realIndexes(),
    ],
    take: async (bytes) => {
      readIndexEnd(bytes, bytes.length)
      await orRefused(['invalid-index'], () => sliceIndexText(bytes)?.chartNames())
      await orRefused(['invalid-index'], () => {
        compareWithFullParse(bytes, readWholeIndex(bytes))
      })
    },
  },
  'index-pages': {
    corpus: () => [pagedText('json'), pagedText('yaml')],
    take: (bytes) => orRefused(['invalid-index'], () => readPagedIndex(bytes)),
  },
  'page-table': {
    corpus: () => [
      ...(['json', 'yaml'] as const).map((form) =>
        Buffer.from(readIndexText(pagedText(form)).parts.header.annotations.pages ?? assert.fail('it has no table')),
      ),
      Buffer.from(`1,40;%C3%A9%21,1,1,0,x,${'-'.repeat(22)}`),
    ],
    take: (bytes) => {
      const table = decodePageTable(bytes.toString())
      if (table === undefined) return
      const text = encodePageTable(table)
      assert.ok(text !== undefined)
      assert.deepEqual(decodePageTable(text), table)
    },
  },
  'damaged-index': {
    corpus: () => [
      indexOf(...VERSIONS, DEPENDENT).toBytes(),
      indexOf(...VERSIONS)
        .toForm('yaml')
        .toBytes(),
      Buffer.from(YAML_INDEX),
      ...realIndexes(),
    ],
    take: (bytes) => {
      const { index, kept } = salvageIndex(bytes)
      readWholeIndex(index.toBytes())
      assert.equal(index.countEntries(), kept)
    },
  },
  metadata: {
    corpus: () => [
      Buffer.from('{"name":"app","version":"1.0.0","apiVersion":"v2"}'),
      Buffer.from('=?UTF-8?Q?{"name":"a=C3=A9"}?= =?UTF-8?B?e30=?='),
    ],
    take: (bytes) => readStoredMetadata(bytes.toString('latin1').slice(0, 16_384)),
  },
}
