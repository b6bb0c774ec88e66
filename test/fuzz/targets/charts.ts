import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { readChartArchive, unpackChartArchive } from '../../../lib/chart/chart-archive.ts'
import { checkValues, readChartYaml, readLock } from '../../../lib/chart/chart-yaml.ts'
import { readIgnoreRules } from '../../../lib/chart/ignore-rules.ts'
import { provenanceProblem } from '../../../lib/core/provenance.ts'
import { chartYaml, pax, tar } from '../../support/archives.ts'
import { helmVectors } from '../../support/helm-vectors.ts'
import { type FuzzTarget, orRefused, texts } from '../target.ts'

/** What is in chart archives and in folders of charts. */

const TAR = tar(
  chartYaml(
    'apiVersion: v2\nname: app\nversion: 1.0.0\ndescription: A chart\nkeywords: [a]\ndependencies:\n- {name: web, ' +
      'version: ^1.0}\n',
  ),
  { name: 'x', type: 'x', content: pax('path', 'app/values.yaml') },
  { name: 'app/values.yaml', content: 'a: &a {b: 1}\nc: *a\n' },
  { name: 'app/charts/web/Chart.yaml', content: 'apiVersion: v2\nname: web\nversion: 1.0.0\n' },
)

const CHARTS = new URL('../../../fixtures/charts/', import.meta.url)

function realArchives(): readonly Uint8Array[] {
  const files = readdirSync(CHARTS).filter((file) => file.endsWith('.tgz'))
  const odd = helmVectors<readonly { readonly tgz_base64: string }[]>('archives.json')
  return [
    ...files.map((file) => readFileSync(new URL(encodeURIComponent(file), CHARTS))),
    ...odd.map(({ tgz_base64: packed }) => Buffer.from(packed, 'base64')),
  ]
}

function realChartYaml(): readonly Uint8Array[] {
  const all = ['chartyaml.json', 'chartyaml-odd.json'].flatMap((file) =>
    helmVectors<readonly { readonly yaml?: string }[]>(file),
  )
  return texts(...all.flatMap(({ yaml }) => (yaml === undefined ? [] : [`apiVersion: v2\nname: app\n${yaml}\n`])))
}

/** Paths that a rule of `.helmignore` is tried with. */
const PATHS = ['values.yaml', 'templates/deployment.yaml', 'charts/web-1.0.0.tgz', `${'a'.repeat(120)}.txt`]

export const CHART_TARGETS: Readonly<Record<string, FuzzTarget>> = {
  archives: {
    corpus: () => [
      ...realArchives(),
      gzipSync(TAR),
      Buffer.concat([gzipSync(TAR.subarray(0, 700)), gzipSync(TAR.subarray(700))]),
    ],
    take: (bytes) => orRefused(['invalid-chart'], () => readChartArchive(bytes)),
  },
  tar: {
    corpus: () => [TAR],
    take: (bytes) => orRefused(['invalid-chart'], () => unpackChartArchive(gzipSync(bytes, { level: 1 }))),
  },
  'chart-yaml': {
    corpus: () => [
      Buffer.from(
        'apiVersion: v2\nname: app\nversion: 1.0.0\nappVersion: 1.10\nmaintainers:\n- {name: a}\nannotations:\n  a: ' +
          '|\n    x\n',
      ),
      ...realChartYaml(),
    ],
    take: (bytes) =>
      orRefused(['invalid-chart'], () =>
        readChartArchive(gzipSync(tar(chartYaml(bytes.toString('latin1'))), { level: 1 })),
      ),
  },
  'chart-files': {
    corpus: () =>
      texts(
        'a: &a {b: 1}\nc: *a\nlist:\n- x\n- {y: 2}\ntext: |\n  two\n  lines\n',
        'dependencies:\n- name: web\n  repository: https://example.com\n  version: 1.0.0\ndigest: sha256:ab\n' +
          'generated: "2026-01-01T00:00:00.5Z"\n',
        'dependencies:\n- name: web\n  version: ^1\n  condition: web.enabled\n  import-values: [a, {child: b, parent: c}]\n',
      ),
    take: async (bytes) => {
      await orRefused(['invalid-chart'], () => checkValues(bytes, 'values.yaml'))
      await orRefused(['invalid-chart'], () => readLock(bytes, 'Chart.lock'))
      await orRefused(['invalid-chart'], () => readChartYaml(bytes, 'requirements.yaml'))
    },
  },
  helmignore: {
    corpus: () => texts('# comment\n.git/\n*.tgz\n!values.yaml\n/templates/*.txt\n[a-c]?\\*\n', '*a*a*a*b\n'),
    take: (bytes) =>
      orRefused(['invalid-chart'], () => {
        const isIgnored = readIgnoreRules(bytes.toString())
        for (const path of PATHS) isIgnored(path, path.endsWith('.tgz'))
      }),
  },
  provenance: {
    corpus: () => [readFileSync(new URL('anchor-1.3.1.tgz.prov', CHARTS))],
    take: (bytes) => {
      const text = bytes.toString()
      const problem = provenanceProblem(text, 'anchor-1.3.1.tgz')
      // What it says it names is in the text.
      if (problem !== undefined) assert.ok(text.includes(problem.slice('it names '.length).split(/, |$/)[0] ?? ''))
    },
  },
}
