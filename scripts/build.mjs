// Builds dist/helm-s3.bundle.cjs, the whole program as one CommonJS file, and dist/helm-s3.cjs, which runs it on
// Node.js 20 and newer with the code that an earlier run has compiled. What lies in dist/ has been run once. Beside
// them completion.yaml and THIRD-PARTY-NOTICES.
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { bundledPackages, thirdPartyNotices } from './notices.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const dist = join(root, 'dist')
const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  legalComments: 'none',
  logLevel: 'warning',
}

/**
 * The bundle is made in two steps. The first joins the modules to chunks, one for each set of modules that is loaded on
 * demand, and drops what nobody imports: most of the SDK. The second joins the chunks to one file, in which each chunk
 * is evaluated as a whole when it is first asked for. In one step, each of some six hundred modules would be evaluated
 * on its own, with all that it exports.
 * @returns the folders of the packages that are in it
 */
async function buildBundle(folder, outfile) {
  const { metafile } = await build({
    ...common,
    metafile: true,
    plugins: [lazyCommonJs, lazyStringWidth, absent],
    entryPoints: ['lib/launch/start.ts'],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    format: 'esm',
    splitting: true,
    mainFields: ['module', 'main'],
    alias: { 'pac-proxy-agent': './scripts/no-pac-proxy.mjs' },
    define: { HELM_S3_VERSION: JSON.stringify(version) },
  })
  refuseLazyCommonJs(metafile)
  const { metafile: joined } = await build({
    ...common,
    metafile: true,
    entryPoints: [join(folder, 'start.mjs')],
    outfile,
    format: 'cjs',
    minify: true,
    // Compiled code that is kept cannot hold `import()`.
    supported: { 'dynamic-import': false },
    // yargs reads import.meta.url, which a CommonJS file does not have. Any path that exists will do; that of the
    // bundle would become part of the executable.
    define: { 'import.meta.url': '__imu' },
    banner: { js: `const __imu=require('url').pathToFileURL(process.execPath).href;` },
  })
  refuseForeign(joined)
  if (/[^\x00-\x7f]/.test(readFileSync(outfile, 'latin1')))
    throw new Error('the bundle is not ASCII, as the loader reads it')
  return bundledPackages(metafile)
}

/**
 * A chunk made of a CommonJS module has no named exports: `const { parse } = await import('yaml')` would give
 * undefined. These packages get a module in front that has the names, as Node.js finds them.
 */
const lazyCommonJs = {
  name: 'lazy-commonjs',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^(yaml)$/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, namespace: 'lazy-commonjs' } : undefined,
    )
    onLoad({ filter: /./, namespace: 'lazy-commonjs' }, async ({ path }) => {
      const names = Object.keys(await import(path)).filter((name) => name !== 'module.exports')
      return { contents: `export { ${names.join(', ')} } from '${path}'`, resolveDir: root }
    })
  },
}

function refuseLazyCommonJs({ inputs }) {
  for (const [file, { imports }] of Object.entries(inputs)) {
    const lazy = imports.find(({ kind, path }) => kind === 'dynamic-import' && inputs[path]?.format === 'cjs')
    if (lazy !== undefined) throw new Error(`${file} imports ${lazy.path} on demand: add it to lazyCommonJs`)
  }
}

/** See scripts/lazy-string-width.mjs. Each package gets its own version behind it. */
const lazyStringWidth = {
  name: 'lazy-string-width',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^string-width$/ }, ({ kind, resolveDir }) =>
      kind === 'import-statement' ? { path: resolveDir, namespace: 'lazy-string-width' } : undefined,
    )
    onLoad({ filter: /./, namespace: 'lazy-string-width' }, async ({ path }) => ({
      contents: await readFile(join(root, 'scripts/lazy-string-width.mjs'), 'utf8'),
      resolveDir: path,
    }))
  },
}

/** What packages ask for without needing it, and is not installed: an answer to HTTP proxies that want Kerberos. */
const absent = {
  name: 'absent',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^kerberos$/ }, ({ path }) => ({ path, namespace: 'absent' }))
    onLoad({ filter: /./, namespace: 'absent' }, ({ path }) => ({
      contents: `throw Object.assign(new Error("Cannot find module '${path}'"), { code: 'MODULE_NOT_FOUND' })`,
    }))
  },
}

/**
 * The executable would look for a package that is not in the bundle in the folder of its user, and run what it finds
 * there.
 */
function refuseForeign({ outputs }) {
  for (const { path } of Object.values(outputs).flatMap(({ imports }) => imports)) {
    if (!isBuiltin(path)) throw new Error(`the bundle asks for ${path}, which is not in it`)
  }
}

async function buildLoader(outfile) {
  const banner = `
if (Number(process.versions.node.split('.')[0]) < 20) {
  process.stderr.write('Error: helm-s3 needs Node.js 20 or newer, this is ' + process.version + '\\n')
  process.exit(1)
}`
  // The target: old versions of Node have to read the refusal.
  await build({
    ...common,
    entryPoints: ['lib/launch/load.ts'],
    outfile,
    format: 'cjs',
    minify: true,
    target: 'es2017',
    banner: { js: banner.trim() },
  })
  chmodSync(outfile, 0o755)
}

/** Helm looks for the words of commands in the folder of the plugin itself. */
async function buildCompletion(script, outfile) {
  // What commands do is loaded on demand, and is not needed for their words.
  const withoutCommands = {
    name: 'without-commands',
    setup: ({ onResolve }) =>
      onResolve({ filter: /^\.\// }, ({ kind, path }) =>
        kind === 'dynamic-import' ? { path, external: true } : undefined,
      ),
  }
  const plugins = [...(common.plugins ?? []), withoutCommands]
  await build({ ...common, plugins, entryPoints: ['scripts/completion.ts'], outfile: script, format: 'cjs' })
  writeFileSync(outfile, execFileSync(process.execPath, [script]))
}

mkdirSync(dist, { recursive: true })
const draft = mkdtempSync(join(dist, '.draft-'))
try {
  const packages = await buildBundle(join(draft, 'chunks'), join(draft, 'helm-s3.bundle.cjs'))
  writeFileSync(join(draft, 'THIRD-PARTY-NOTICES'), thirdPartyNotices(root, packages))
  await buildLoader(join(draft, 'helm-s3.cjs'))
  await buildCompletion(join(draft, 'completion.cjs'), join(draft, 'completion.yaml'))
  const answer = execFileSync(process.execPath, [join(draft, 'helm-s3.cjs'), 'version'], { encoding: 'utf8' })
  if (answer !== `${version}\n`) throw new Error(`the bundle answers ${JSON.stringify(answer)} to \`version\``)
  // What was made from the bundle before, and what is known of it.
  for (const name of ['cache', 'helm-s3', 'helm-s3.exe']) rmSync(join(dist, name), { recursive: true, force: true })
  for (const name of ['helm-s3.bundle.cjs', 'helm-s3.cjs']) renameSync(join(draft, name), join(dist, name))
  for (const name of ['completion.yaml', 'THIRD-PARTY-NOTICES']) renameSync(join(draft, name), join(root, name))
} catch (error) {
  // esbuild has printed its own errors.
  if (!('errors' in error)) process.stderr.write(`build: ${error.message}\n`)
  process.exitCode = 1
} finally {
  rmSync(draft, { recursive: true, force: true })
}
