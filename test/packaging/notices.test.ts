import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { hostTarget } from '../../scripts/executable/targets.ts'
import { pluginFiles } from '../../scripts/release/plugin-files.ts'

const ROOT = join(import.meta.dirname, '../..')
const NOTICES = readFileSync(join(ROOT, 'THIRD-PARTY-NOTICES'), 'utf8')

/** Titles of the parts about packages: `name version`. */
const named = [...NOTICES.matchAll(/^-+\n\n(\S+ \d\S*)\nLicence: (\S+)\n\n([^]*?)(?=\n-{100}\n)/gm)].map(
  ([, title = '', licence = '', text = '']) => ({ title, licence, text }),
)

describe('the notices about the work of others', () => {
  it('name every package that is in the bundle, and no other', async function () {
    this.timeout(60_000)
    const { metafile } = await build({
      absWorkingDir: ROOT,
      alias: { 'pac-proxy-agent': './scripts/no-pac-proxy.mjs' },
      bundle: true,
      entryPoints: ['lib/launch/start.ts'],
      external: ['kerberos'],
      format: 'esm',
      logLevel: 'silent',
      mainFields: ['module', 'main'],
      metafile: true,
      outdir: 'unwritten',
      platform: 'node',
      splitting: true,
      write: false,
    })
    const titles = new Set<string>()
    for (const { inputs } of Object.values(metafile.outputs)) {
      for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
        const at = file.lastIndexOf('node_modules/')
        if (at === -1 || bytesInOutput === 0) continue
        const name = /^(?:@[^/]+\/)?[^/]+/.exec(file.slice(at + 'node_modules/'.length))?.[0] ?? ''
        const manifest = readFileSync(join(ROOT, file.slice(0, at), 'node_modules', name, 'package.json'), 'utf8')
        titles.add(`${name} ${(JSON.parse(manifest) as { readonly version: string }).version}`)
      }
    }
    assert.ok(titles.size > 50)
    assert.deepEqual(
      named.map(({ title }) => title),
      [...titles].sort(),
    )
  })

  it('hold the text of each licence', () => {
    for (const { licence, text, title } of named) {
      assert.match(text, /permission|license/i, title)
      assert.ok(text.length > 400, `${title} (${licence})`)
    }
  })

  it('tell of the run time of the executables, with the licences of what is linked into it', () => {
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'scripts/executable/bun/package.json'), 'utf8')) as {
      readonly dependencies: { readonly bun: string }
    }
    assert.ok(NOTICES.includes(`Bun ${dependencies.bun} (https://github.com/oven-sh/bun)`))
    for (const text of [
      'GNU LIBRARY GENERAL PUBLIC LICENSE',
      'GNU LESSER GENERAL PUBLIC LICENSE',
      'JavaScriptCore',
      'boringssl',
    ])
      assert.ok(NOTICES.includes(text), text)
  })

  it('lie in every archive of a release, beside the plugin and beside the program', async () => {
    const files = await pluginFiles('helm-s3_x', hostTarget(), join(ROOT, 'LICENSE'))
    assert.deepEqual(
      files.filter(({ path }) => path.endsWith('THIRD-PARTY-NOTICES')).map(({ path }) => path),
      ['THIRD-PARTY-NOTICES', 'helm-s3_x/THIRD-PARTY-NOTICES'],
    )
  })
})
