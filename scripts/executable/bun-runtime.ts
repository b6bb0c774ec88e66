import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { run } from '../run.ts'
import type { Target } from './targets.ts'

const ROOT = join(import.meta.dirname, '../..')
/** The manifest and the lock file that name the one version of Bun and the checksums of its packages. */
const MANIFEST = join(import.meta.dirname, 'bun')
const FILES = ['package.json', 'package-lock.json', '.npmrc']

/**
 * The path of the program `bun` for a platform, from npm's registry: installed into `.cache/` when it is not there yet,
 * some 40 MB each. Install scripts are not run; the package of a platform holds the program itself.
 */
export async function bunRuntime(target: Target): Promise<string> {
  const { dependencies } = JSON.parse(await readFile(join(MANIFEST, 'package.json'), 'utf8')) as {
    readonly dependencies: { readonly bun: string }
  }
  const folder = join(ROOT, '.cache', 'bun', dependencies.bun, target.name)
  if (!existsSync(folder)) await install(target, folder)
  return programIn(folder)
}

async function install({ os, cpu, libc }: Target, folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true })
  const draft = await mkdtemp(join(dirname(folder), '.draft-'))
  try {
    for (const file of FILES) await cp(join(MANIFEST, file), join(draft, file))
    await run('npm', ['ci', '--ignore-scripts', `--os=${os}`, `--cpu=${cpu}`, `--libc=${libc}`], { cwd: draft })
    await programIn(draft)
    await rename(draft, folder)
  } catch (error) {
    // Another build may have been faster.
    if (!existsSync(folder)) throw error
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

async function programIn(folder: string): Promise<string> {
  const packages = join(folder, 'node_modules', '@oven')
  const [name, ...others] = await readdir(packages)
  if (name === undefined || others.length > 0)
    throw new Error(`${packages} holds other packages than the one of this platform`)
  const program = ['bun', 'bun.exe'].map((file) => join(packages, name, 'bin', file)).find(existsSync)
  if (program === undefined) throw new Error(`${packages} holds no program`)
  return program
}
