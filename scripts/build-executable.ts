import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { compile } from './executable/compile.ts'
import { hostTarget } from './executable/targets.ts'

/**
 * `npm run build:executable`: dist/helm-s3 (helm-s3.exe on Windows), the bundle with its run time, for this platform.
 */

const root = join(import.meta.dirname, '..')
try {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { readonly version: string }
  const target = hostTarget()
  await compile(join(root, 'dist', 'helm-s3.bundle.cjs'), target, version, join(root, 'dist', target.program))
} catch (error) {
  process.stderr.write(`build:executable: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
