import assert from 'node:assert/strict'
import { gunzipSync } from 'node:zlib'
import { unpackChartArchive } from '../../lib/chart/chart-archive.ts'
import { type PackageOptions, packageChart } from '../../lib/chart/package-chart.ts'
import { chartArchive } from '../support/chart-archive.ts'

type Content = string | Uint8Array

const CHART = 'apiVersion: v2\nname: app\nversion: 1.0.0\n'

function packaged(files: Readonly<Record<string, Content>>, options: PackageOptions = {}): Promise<Uint8Array> {
  const list = Object.entries(files).map(([path, content]) => ({ path, bytes: Buffer.from(content), mode: 0o600 }))
  return packageChart(list, options)
}

async function unpacked(
  files: Readonly<Record<string, Content>>,
  options?: PackageOptions,
): Promise<Record<string, string>> {
  const { files: found } = await unpackChartArchive(await packaged(files, options))
  return Object.fromEntries(found.map(({ bytes, path }) => [path, Buffer.from(bytes).toString()]))
}

describe('packaging a chart', () => {
  it('writes Chart.yaml as Helm does: known fields by name, without comments', async () => {
    const text =
      '# mine\nversion: 1.0.0\nname: app\napiVersion: v2\nappVersion: 1.10\nunknown: 1\nkeywords: []\nannotations: ' +
      '{b: "1", a: x}\n'
    assert.deepEqual(await unpacked({ 'Chart.yaml': text }), {
      'Chart.yaml': 'annotations:\n  a: x\n  b: "1"\napiVersion: v2\nappVersion: "1.1"\nname: app\nversion: 1.0.0\n',
    })
  })

  it('writes other versions into Chart.yaml when told to', async () => {
    const found = await unpacked({ 'Chart.yaml': CHART }, { version: '2.0.0-rc.1+b', appVersion: '3' })
    assert.equal(found['Chart.yaml'], 'apiVersion: v2\nappVersion: "3"\nname: app\nversion: 2.0.0-rc.1+b\n')
  })

  it('keeps all other files as they are, in the order of Helm', async () => {
    const found = await unpacked({
      '.helmignore': '*.md',
      'Chart.yaml': CHART,
      'README.txt': 'r',
      'crds/a.yaml': 'x',
      'templates/a.yaml': 't',
      'values.schema.json': '{}',
      'values.yaml': '# v\na: 1\n',
    })
    const order = [
      'Chart.yaml',
      'values.yaml',
      'values.schema.json',
      'templates/a.yaml',
      '.helmignore',
      'README.txt',
      'crds/a.yaml',
    ]
    assert.deepEqual(Object.keys(found), order)
    assert.equal(found['values.yaml'], '# v\na: 1\n')
  })

  it('unpacks subcharts into folders with their names, and drops hidden files beside them', async () => {
    const inner = await chartArchive('lib', '0.1.0', { 'templates/_l.tpl': 'l' })
    const found = await unpacked({
      'Chart.yaml':
        `${CHART}dependencies:\n- {name: lib, version: 0.1.0, repository: ""}\n- {name: own, ` +
        `repository: "file://x"}\n`,
      'charts/.keep': '',
      'charts/_old/Chart.yaml': 'no chart',
      'charts/lib-0.1.0.tgz': inner,
      'charts/lib-0.1.0.tgz.prov': 'signed',
      'charts/other/Chart.yaml': 'apiVersion: v1\nname: own\nversion: 1.0.0\n',
    })
    assert.deepEqual(Object.keys(found), [
      'Chart.yaml',
      'charts/lib-0.1.0.tgz.prov',
      'charts/lib/Chart.yaml',
      'charts/lib/templates/_l.tpl',
      'charts/own/Chart.yaml',
    ])
  })

  it('keeps the lock of a v2 chart and the requirements of a v1 chart, and neither in the other kind', async () => {
    const lock = 'generated: "2024-01-01T00:00:00Z"\ndigest: sha256:0\ndependencies: []\n'
    const all = { 'Chart.lock': lock, 'requirements.lock': lock, 'requirements.yaml': 'dependencies: []\n' }
    const written = 'dependencies: []\ndigest: sha256:0\ngenerated: "2024-01-01T00:00:00Z"\n'
    assert.deepEqual(await unpacked({ 'Chart.yaml': CHART, ...all }), {
      'Chart.yaml': CHART.replace(/(api.*\n)(name.*\n)(.*\n)/, '$1$2$3'),
      'Chart.lock': written,
    })
    const first = await unpacked({ 'Chart.yaml': 'name: app\nversion: 1.0.0\n', ...all })
    assert.deepEqual(first, {
      'Chart.yaml': 'apiVersion: v1\nname: app\nversion: 1.0.0\n',
      'requirements.lock': lock,
      'requirements.yaml': 'dependencies: []\n',
    })
  })

  it('leaves the dependencies of a v1 chart to its requirements.yaml', async () => {
    const requirements = 'dependencies:\n- {name: lib, version: 1.0.0, repository: ""}\n'
    const lib = { 'charts/lib/Chart.yaml': 'apiVersion: v1\nname: lib\nversion: 1.0.0\n' }
    const found = await unpacked({ 'Chart.yaml': CHART.replace('v2', 'v1'), 'requirements.yaml': requirements, ...lib })
    assert.equal(found['Chart.yaml'], 'apiVersion: v1\nname: app\nversion: 1.0.0\n')
  })

  it('makes the same bytes of the same files, without times or owners', async () => {
    const files = { 'Chart.yaml': CHART, 'templates/a.yaml': 'a', [`files/${'long/'.repeat(40)}ünïcode`]: 'x' }
    const bytes = await packaged(files)
    assert.deepEqual(await packaged(files), bytes)
    assert.deepEqual([...bytes.subarray(4, 8), bytes[9]], [0, 0, 0, 0, 255])
    const header = gunzipSync(bytes).subarray(0, 512)
    assert.equal(header.toString('latin1', 0, 14), 'app/Chart.yaml')
    assert.equal(Number.parseInt(header.toString('latin1', 100, 107), 8), 0o644)
    assert.equal(Number.parseInt(header.toString('latin1', 136, 147), 8), Date.UTC(1980, 0, 1) / 1000)
  })

  it('refuses what `helm package` refuses', async () => {
    const cases: readonly (readonly [Record<string, Content>, RegExp])[] = [
      [{}, /Chart\.yaml file is missing/],
      [{ 'Chart.yaml': 'name: app' }, /chart\.metadata\.version is required/],
      [
        { 'Chart.yaml': `${CHART}dependencies:\n- {name: a, repository: ""}\n- {name: b, repository: ""}\n` },
        /found in Chart\.yaml, but missing in charts\/ directory: a, b/,
      ],
      [{ 'Chart.yaml': CHART, 'values.schema.json': '{' }, /Invalid JSON in values\.schema\.json/],
      [{ 'Chart.yaml': CHART, 'values.yaml': '- a' }, /cannot load values\.yaml/],
      [
        { 'Chart.yaml': CHART, 'charts/README.md': 'x' },
        /error unpacking subchart README\.md in app: Chart\.yaml file is missing/,
      ],
      [{ 'Chart.yaml': CHART, 'charts/x.tgz': 'x' }, /error unpacking subchart x\.tgz in app/],
    ]
    for (const [files, message] of cases) await assert.rejects(packaged(files), message)
  })
})
