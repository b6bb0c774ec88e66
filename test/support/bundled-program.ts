import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'

/** What packages in CommonJS call, and a module does not have. */
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)"

/**
 * Bundles a program of the tests once for the enclosing `describe`, so that each process that runs it starts without a
 * loader for TypeScript; the returned function gives the path of the bundle.
 */
export function useBundledProgram(entryPoint: string): () => string {
  let folder = ''
  const outfile = (): string => join(folder, 'program.mjs')
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'helm-s3-program-'))
    await build({
      entryPoints: [entryPoint],
      outfile: outfile(),
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'esm',
      banner: { js: REQUIRE },
      sourcemap: 'inline',
      logLevel: 'warning',
    })
  })
  after(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  return outfile
}
