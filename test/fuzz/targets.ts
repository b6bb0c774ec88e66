import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import { readChartArchive, unpackChartArchive } from '../../lib/chart/chart-archive.ts'
import { readStoredMetadata } from '../../lib/chart/stored-metadata.ts'
import { findVersion } from '../../lib/core/helm/constraint.ts'
import { decodeDelta, encodeDelta } from '../../lib/core/log/delta-text.ts'
import { emptyIndexText, indexOfPages, readIndexEnd, readIndexText } from '../../lib/core/index/index-text.ts'
import { layOut } from '../../lib/core/index/lay-out.ts'
import { decodePageTable, encodePageTable } from '../../lib/core/index/page-table.ts'
import { type PageText, type Paging, readPage } from '../../lib/core/index/paging.ts'
import { salvageIndex } from '../../lib/core/index/salvage/salvage.ts'
import { asKey } from '../../lib/core/keys.ts'
import {
  CONFIG_KEYS,
  changeConfig,
  configOf,
  decodeConfig,
  encodeConfig,
  isSameConfig,
} from '../../lib/settings/repository-config.ts'
import { type ErrorCode, HelmS3Error } from '../../lib/errors.ts'
import { S3AnswerError, readListAnswer, readVersionsAnswer } from '../../lib/store/s3/answer.ts'
import { xmlDocument } from '../../embedded/xml-document.ts'
import { sha256Of } from '../../lib/sys/sha256.ts'
import { chartYaml, pax, tar } from '../support/archives.ts'
import { entry, indexOf, removal } from '../support/builders.ts'

/** What the process that tries inputs says. */
export type FuzzReport = { readonly input: string } | { readonly result: string }

/** One kind of input from outside. */
export interface FuzzTarget {
  /** Inputs that are right, from which others are made. */
  readonly corpus: () => readonly Uint8Array[] | Promise<readonly Uint8Array[]>
  /** Reads an input; throws when that ends otherwise than it may. */
  readonly take: (bytes: Buffer) => unknown
}

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

/** Of a listing as a store sends it. */
const listing = (root: string, content: Parameters<typeof xmlDocument>[1]): Buffer =>
  Buffer.from(xmlDocument(root, content))
const CONTENTS = [1, 2].map((i) => ({
  Key: `charts/app-1.0.${String(i)}.tgz`,
  ETag: '"e"',
  Size: 7,
  LastModified: '2026-01-01T00:00:00.000Z',
}))

const TAR = tar(
  chartYaml(
    'apiVersion: v2\nname: app\nversion: 1.0.0\ndescription: A chart\nkeywords: [a]\ndependencies:\n- {name: web, ' +
      'version: ^1.0}\n',
  ),
  { name: 'x', type: 'x', content: pax('path', 'app/values.yaml') },
  { name: 'app/values.yaml', content: 'a: &a {b: 1}\nc: *a\n' },
  { name: 'app/charts/web/Chart.yaml', content: 'apiVersion: v2\nname: web\nversion: 1.0.0\n' },
)

/** Passes over the errors that this program has for such input. */
async function orRefused(codes: readonly ErrorCode[], read: () => unknown): Promise<void> {
  try {
    await read()
  } catch (error) {
    if (!(error instanceof HelmS3Error) || !codes.includes(error.code)) throw error
  }
}

function readWholeIndex(bytes: Uint8Array): void {
  const index = readIndexText(bytes)
  const entries = index.chartNames().map((name) => [name, index.versions(name)] as const)
  assert.ok(index.toBytes().length > 0)
  const again = readIndexText(emptyIndexText('json').withCharts(new Map(entries)).toBytes())
  for (const [name, versions] of entries) assert.equal(again.versions(name).length, versions.length)
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

export const TARGETS: Readonly<Record<string, FuzzTarget>> = {
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
  'defaults of a repository': {
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
  'text of an index': {
    corpus: () => [
      indexOf(...VERSIONS, DEPENDENT).toBytes(),
      indexOf(...VERSIONS)
        .toForm('yaml')
        .toBytes(),
      Buffer.from(YAML_INDEX),
    ],
    take: async (bytes) => {
      readIndexEnd(bytes, bytes.length)
      await orRefused(['invalid-index'], () => readWholeIndex(bytes))
    },
  },
  'pages of an index': {
    corpus: () => [pagedText('json'), pagedText('yaml')],
    take: (bytes) => orRefused(['invalid-index'], () => readPagedIndex(bytes)),
  },
  'table of the pages of an index': {
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
  'text of a damaged index': {
    corpus: () => [
      indexOf(...VERSIONS, DEPENDENT).toBytes(),
      indexOf(...VERSIONS)
        .toForm('yaml')
        .toBytes(),
      Buffer.from(YAML_INDEX),
    ],
    take: (bytes) => {
      const { index, kept } = salvageIndex(bytes)
      readWholeIndex(index.toBytes())
      assert.equal(index.countEntries(), kept)
    },
  },
  'answers of a store': {
    corpus: () => [
      listing('ListBucketResult', {
        Name: 'b',
        Prefix: '',
        KeyCount: 2,
        MaxKeys: 1000,
        IsTruncated: false,
        Contents: CONTENTS,
      }),
      listing('ListVersionsResult', { Name: 'b', IsTruncated: false, Version: [{ ...CONTENTS[0], VersionId: '1' }] }),
      listing('Error', { Code: 'NoSuchKey', Message: 'The & "key" <is> missing', Region: 'eu-west-1' }),
    ],
    take: (bytes) => {
      const text = bytes.toString()
      const page = readListAnswer(text)
      for (const { key } of page?.objects ?? []) assert.equal(typeof key, 'string')
      readVersionsAnswer(text, asKey('charts/app-1.0.1.tgz'))
      assert.equal(typeof new S3AnswerError({ status: 400, headers: {} }, text).name, 'string')
    },
  },
  'archives, packed': {
    corpus: () => [gzipSync(TAR), Buffer.concat([gzipSync(TAR.subarray(0, 700)), gzipSync(TAR.subarray(700))])],
    take: (bytes) => orRefused(['invalid-chart'], () => readChartArchive(bytes)),
  },
  'archives, unpacked': {
    corpus: () => [TAR],
    take: (bytes) => orRefused(['invalid-chart'], () => unpackChartArchive(gzipSync(bytes, { level: 1 }))),
  },
  'Chart.yaml': {
    corpus: () => [
      Buffer.from(
        'apiVersion: v2\nname: app\nversion: 1.0.0\nappVersion: 1.10\nmaintainers:\n- {name: a}\nannotations:\n  a: ' +
          '|\n    x\n',
      ),
    ],
    take: (bytes) =>
      orRefused(['invalid-chart'], () =>
        readChartArchive(gzipSync(tar(chartYaml(bytes.toString('latin1'))), { level: 1 })),
      ),
  },
  constraints: {
    corpus: () =>
      ['>=1.2 <2', '^1.0.0 || ~2.1, !=2.1.5', '1.0 - 2.x', '*', '1.2.3-rc.1+build'].map((text) => Buffer.from(text)),
    take: (bytes) => orRefused(['usage'], () => findVersion(VERSIONS, bytes.toString())),
  },
  'metadata of objects': {
    corpus: () => [
      Buffer.from('{"name":"app","version":"1.0.0","apiVersion":"v2"}'),
      Buffer.from('=?UTF-8?Q?{"name":"a=C3=A9"}?= =?UTF-8?B?e30=?='),
    ],
    take: (bytes) => readStoredMetadata(bytes.toString('latin1').slice(0, 16_384)),
  },
}
