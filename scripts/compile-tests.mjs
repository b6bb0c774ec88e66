// Translates all TypeScript to JavaScript, for `npm test`. Where files are translated when they are imported (tsx, for
// single files and the other suites), each import asks another thread, also for what is loaded already: the same tests
// take a third more of processor time.
//
// .cache/compiled/ becomes a tree like this one: `x.js` beside a copy of each `x.ts`, copies of other files, and links
// to folders without TypeScript. So a test finds what it looks for beside itself.
import { copyFileSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const compiled = join(root, '.cache', 'compiled')
const CODE = ['bench', 'embedded', 'lib', 'scripts', 'test']
const LEFT_OUT = ['.cache', '.git']

rmSync(compiled, { recursive: true, force: true })
mkdirSync(compiled, { recursive: true })
for (const entry of readdirSync(root, { withFileTypes: true })) {
  const { name } = entry
  if (LEFT_OUT.includes(name) || CODE.includes(name)) continue
  if (entry.isFile()) copyFileSync(join(root, name), join(compiled, name))
  else symlinkSync(join(root, name), join(compiled, name), 'junction')
}
await build({
  absWorkingDir: root,
  entryPoints: CODE.flatMap(copyFolder),
  outdir: compiled,
  outbase: '.',
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: 'linked',
  logLevel: 'warning',
  // Nothing is joined: only so can the names of imported files be rewritten.
  bundle: true,
  packages: 'external',
  plugins: [{ name: 'imports-of-javascript', setup: ({ onResolve }) => onResolve({ filter: /^\.{1,2}\// }, external) }],
})

/** Copies a folder, and gives its TypeScript files. */
function copyFolder(folder) {
  mkdirSync(join(compiled, folder))
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return copyFolder(path)
    copyFileSync(join(root, path), join(compiled, path))
    return extname(path) === '.ts' ? [path] : []
  })
}

function external({ kind, path }) {
  return kind === 'entry-point' ? undefined : { path: path.replace(/\.ts$/, '.js'), external: true }
}
