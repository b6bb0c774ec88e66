import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, type Plugin, build as bundle } from 'esbuild'
import { type Edit, applyEdit } from './edits.ts'

const HERE = dirname(fileURLToPath(import.meta.url))
const LIB = join(HERE, '../../lib')
const COMMON: BuildOptions = {
  bundle: true,
  write: false,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  logLevel: 'silent',
}

/**
 * The program as one CommonJS module, from this `lib` folder, with these edits. Bundles are made in memory: a program
 * with one rule broken costs no copy of it, and the threads that run it need no loader for TypeScript.
 */
export async function bundleProduct({
  edits = [],
  lib = LIB,
}: { readonly edits?: readonly Edit[]; readonly lib?: string } = {}): Promise<string> {
  const parts = await readFile(join(HERE, 'parts.ts'), 'utf8')
  return codeOf({
    ...COMMON,
    stdin: { contents: parts.replaceAll('../../lib/', './'), resolveDir: lib, loader: 'ts' },
    plugins: [unpackAtOnce, edit(lib, edits)],
  })
}

/** What runs in each thread. */
export function bundleWorker(): Promise<string> {
  return codeOf({ ...COMMON, entryPoints: [join(HERE, 'worker.ts')] })
}

async function codeOf(options: BuildOptions): Promise<string> {
  const { outputFiles } = await bundle(options)
  const [output] = outputFiles ?? []
  if (output === undefined) throw new Error('nothing was bundled')
  return output.text
}

const unpackAtOnce: Plugin = {
  name: 'unpack-at-once',
  setup: (build) => {
    build.onResolve({ filter: /^node:zlib$/ }, ({ importer }) =>
      importer.startsWith(HERE) ? undefined : { path: join(HERE, 'unpack-at-once.ts') },
    )
  },
}

function edit(lib: string, edits: readonly Edit[]): Plugin {
  return {
    name: 'edit',
    setup: (build) => {
      const open = new Set(edits)
      build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const here = edits.filter(({ file }) => path === join(lib, file))
        if (here.length === 0) return undefined
        let contents = await readFile(path, 'utf8')
        for (const each of here) {
          contents = applyEdit(contents, each)
          open.delete(each)
        }
        return { contents, loader: 'ts' }
      })
      build.onEnd(() => ({
        errors: [...open].map(({ file }) => ({ text: `${file} is no part of what is simulated` })),
      }))
    },
  }
}
