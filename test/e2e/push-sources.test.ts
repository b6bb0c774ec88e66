import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { unpackChartArchive } from '../../lib/chart/chart-archive.ts'
import { asKey } from '../../lib/core/keys.ts'
import { useWorkplace } from './support/matrix.ts'
import { type Result, start } from './support/run.ts'
import { part } from './support/servers.ts'
import { CHARTS, type HelmMajor, ROOT, type Workplace, expectOk } from './support/workplace.ts'

const ARCHIVE = `${CHARTS}/anchor-1.2.3.tgz`
const SIGNED = `${CHARTS}/anchor-1.3.1.tgz`

const CHART_YAML = `# comment
apiVersion: v2
name: ship
version: 1.0.0
appVersion: 1.10
description: "é: #1\\tx"
unknown: 1
keywords: [b, "yes", "1e3"]
annotations:
  b10: "null"
  b2: ""
  a: |
    x
    y
maintainers:
- {name: Ünal, email: u@example.com}
dependencies:
- {name: anchor, version: ~1.2, repository: "https://x", import-values: [{child: a, parent: b}]}
- {name: mast, repository: ""}
`

/** Writes a chart with everything that packaging has rules for, into a folder with another name than the chart. */
function writeChart(at: Workplace): string {
  const folder = at.path('folder')
  const files = {
    '.helmignore': '\ufeff# ours\n*.bak\n/ci/\ndocs/*.txt\n',
    'Chart.yaml': CHART_YAML,
    'Chart.lock':
      'dependencies:\n- {name: anchor, version: 1.2.3, repository: "https://x"}\ndigest: sha256:00\ngenerated: ' +
      '"2024-02-03T04:05:06.780+02:00"\n',
    'values.yaml': '\ufeff# kept\na: 1 # as it is\n',
    'values.schema.json': '{ "type": "object" }\n',
    'README.md': 'read\r\n',
    'notes.bak': 'out',
    'ci/test.yaml': 'out',
    'docs/a.txt': 'out',
    'docs/b/c.txt': 'in',
    'templates/NOTES.txt': 'n',
    'templates/.swp': 'out',
    'templates/tests/t.yaml': 't: {{ .Chart.AppVersion }}\n',
    'crds/.hidden': 'h',
    'charts/.gitkeep': '',
    'charts/mast/Chart.yaml': '# sub\nname: mast\nversion: 0.1.0\n',
    'charts/mast/requirements.yaml': 'dependencies: []\n',
    'charts/mast/notes.bak': 'out',
    [`files/${'long/'.repeat(40)}ünïcode.txt`]: 'long',
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(`${folder}/${path}`), { recursive: true })
    writeFileSync(`${folder}/${path}`, text)
  }
  cpSync(ARCHIVE, `${folder}/charts/anchor-1.2.3.tgz`)
  mkdirSync(at.path('shared'))
  writeFileSync(at.path('shared', 's.tpl'), 'shared')
  symlinkSync('../shared', `${folder}/linked`)
  return folder
}

async function contents(archive: Uint8Array): Promise<Readonly<Record<string, string>>> {
  const { files } = await unpackChartArchive(archive)
  return Object.fromEntries(
    files
      .map(({ bytes, path }): [string, string] => [path, Buffer.from(bytes).toString('utf8')])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

for (const major of [3, 4] as const satisfies readonly HelmMajor[]) {
  describe(`push of folders, objects and standard input with Helm ${String(major)}`, () => {
    const at = useWorkplace('minio')
    const helm = (line: string): Promise<string> => at().helmOk(major, line)
    const piped = (line: string, input: Uint8Array): Promise<Result> =>
      start(part(`helm${String(major)}/helm`), line.split(' '), at().env, at().folder, input).result

    beforeEach(async () => {
      await helm(`plugin install ${ROOT.replace(/\/$/, '')}`)
      await helm(`s3 init ${at().url}`)
      await helm(`repo add stable ${at().url}`)
    })

    for (const flags of ['', ' --version=2.0.0-rc.1+b.7 --app-version=007']) {
      it(`packages a folder as helm package${flags} does`, async () => {
        const folder = writeChart(at())
        mkdirSync(at().path('theirs'))
        // Helm says on stderr which links it follows.
        const { status, stderr } = await at().helm(major, `package ${folder} -d ${at().path('theirs')}${flags}`)
        assert.equal(status, 0, stderr)
        await helm(`s3 push ${folder} stable${flags}`)
        const name = `ship-${flags === '' ? '1.0.0' : '2.0.0-rc.1+b.7'}.tgz`
        const ours = await at().store.get(asKey(`charts/${name}`))
        assert.ok(ours, name)
        assert.deepEqual(await contents(ours.body), await contents(readFileSync(at().path('theirs', name))))
        await helm('repo update')
        await helm(`pull stable/ship --devel --untar -d ${at().path('pulled')}`)
        assert.equal(readFileSync(at().path('pulled', 'ship', 'linked', 's.tpl'), 'utf8'), 'shared')
        const rendered = await at().helm(major, `template ship ${at().path('pulled', 'ship')}`)
        assert.deepEqual([rendered.status, rendered.stdout.includes('t: 1.1')], [0, flags === ''], rendered.stderr)
      })
    }

    it('refuses a folder that helm package refuses', async () => {
      const folder = writeChart(at())
      writeFileSync(`${folder}/.helmignore`, 'charts/mast\n')
      const theirs = await at().helm(major, `package ${folder} -d ${at().path('theirs')}`)
      const reason = 'found in Chart.yaml, but missing in charts/ directory: mast'
      assert.ok(theirs.status !== 0 && theirs.stderr.includes(reason), theirs.stderr)
      assert.ok((await at().helmFails(major, `s3 push ${folder} stable`)).includes(reason))
      assert.deepEqual(await at().keys(), ['charts/index.yaml'])
    })

    it('uploads an archive from a bucket and one from standard input, and Helm pulls both', async () => {
      await helm(`s3 init s3://${at().bucket}/staging`)
      await helm(`s3 push ${SIGNED} s3://${at().bucket}/staging`)
      await helm(`s3 push s3://${at().bucket}/staging/anchor-1.3.1.tgz stable`)
      expectOk('push -', await piped('s3 push - stable', readFileSync(ARCHIVE)))
      await helm('repo update')
      for (const [version, archive] of [
        ['1.3.1', SIGNED],
        ['1.2.3', ARCHIVE],
      ] as const) {
        await helm(`pull stable/anchor --version=${version} -d ${at().folder}`)
        assert.deepEqual(readFileSync(at().path(`anchor-${version}.tgz`)), readFileSync(archive))
      }
      const provenance = await at().store.get(asKey('charts/anchor-1.3.1.tgz.prov'))
      assert.deepEqual(Buffer.from(provenance?.body ?? []), readFileSync(`${SIGNED}.prov`))
    })
  })
}
