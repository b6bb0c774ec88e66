import { cp, mkdir } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** A program that is measured. */
export interface Program {
  readonly name: 'Node bundle' | 'executable' | 'before' | 'peer'
  readonly path: string
}

const EXECUTABLE = 'helm-s3'
const BUNDLE = 'helm-s3.cjs'

/**
 * Copies what is built into a folder, each form of the program as if it were installed alone, so that its launcher
 * starts this form, and a build that runs meanwhile disturbs nothing.
 * @returns the Node bundle, then the executable if it is built
 * @throws when nothing is built
 */
export async function installForms(folder: string): Promise<Program[]> {
  const dist = join(ROOT, 'dist')
  if (!existsSync(join(dist, BUNDLE))) throw new Error('dist/helm-s3.cjs is missing: run `npm run build`')
  const install = async (name: Program['name'], isLeftOut: (file: string) => boolean): Promise<Program> => {
    const home = join(folder, name.replace(' ', '-').toLowerCase())
    await mkdir(home, { recursive: true })
    for (const part of ['bin', 'plugin.yaml', 's3-getter', 'package.json'])
      await cp(join(ROOT, part), join(home, part), { recursive: true })
    await cp(dist, join(home, 'dist'), { recursive: true, filter: (source) => !isLeftOut(basename(source)) })
    return { name, path: join(home, 'bin', 'helm-s3') }
  }
  const bundle = await install('Node bundle', (file) => file === EXECUTABLE || file === 'cache')
  if (!existsSync(join(dist, EXECUTABLE))) return [bundle]
  return [bundle, await install('executable', (file) => file.endsWith('.cjs') || file === 'cache')]
}
