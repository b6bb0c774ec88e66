// Builds dist/helm-s3.cjs: the whole program as one CommonJS file for Node.js 20 and newer.
// A file in dist/ is always complete: it grows under another name and is renamed when it has been run once.
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const dist = join(root, 'dist')
const target = join(dist, 'helm-s3.cjs')
const draft = join(dist, `.helm-s3.${process.pid}.cjs`)

// Runs before anything of the bundle. yargs reads import.meta.url, which a CommonJS file does not have.
const banner = `
if (Number(process.versions.node.split('.')[0]) < 20) {
  process.stderr.write('Error: helm-s3 needs Node.js 20 or newer, this is ' + process.version + '\\n')
  process.exit(1)
}
const __imu = require('url').pathToFileURL(__filename).href
`.trim()

mkdirSync(dist, { recursive: true })
try {
  await build({
    absWorkingDir: root,
    entryPoints: ['lib/start.ts'],
    outfile: draft,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    minify: true,
    keepNames: true,
    legalComments: 'none',
    define: { 'import.meta.url': '__imu', HELM_S3_VERSION: JSON.stringify(version) },
    banner: { js: banner },
    logLevel: 'warning',
  })
  const answer = execFileSync(process.execPath, [draft, 'version'], { encoding: 'utf8' })
  if (answer !== `${version}\n`) throw new Error(`the bundle answers ${JSON.stringify(answer)} to \`version\``)
  chmodSync(draft, 0o755)
  renameSync(draft, target)
} catch (error) {
  // esbuild has printed its own errors.
  if (!('errors' in error)) process.stderr.write(`build: ${error.message}\n`)
  process.exitCode = 1
} finally {
  rmSync(draft, { force: true })
}
