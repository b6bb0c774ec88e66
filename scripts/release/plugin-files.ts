import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Target } from '../executable/targets.ts'
import type { TarFile } from './tarball.ts'

const ROOT = join(import.meta.dirname, '../..')
const PLUGIN = [
  'plugin.yaml',
  'plugin.complete',
  'completion.yaml',
  'LICENSE',
  'THIRD-PARTY-NOTICES',
  'scripts/hook.sh',
  's3-getter/plugin.yaml',
  's3-getter/main',
  's3-getter/bin/helm-s3',
  's3-getter/bin/helm-s3.cmd',
]
const PROGRAM = [
  'README.md',
  'CHANGELOG.md',
  'bin/helm-s3',
  'bin/helm-s3.cmd',
  'dist/helm-s3.cjs',
  'dist/helm-s3.bundle.cjs',
]
const SCRIPT = /(^|\/)(helm-s3|helm-s3\.cjs|hook\.sh|plugin\.complete)$/

/**
 * The files of a release archive called `name`, the manifest first: Helm 4 takes the first plugin.yaml for that of the
 * plugin.
 *
 * Helm 3 wants the manifest at the top of an archive from a URL, and so do scripts that unpack it themselves. Helm 4
 * wants it in a folder with the name of the archive when that is a local file. So the plugin lies in such a folder, and
 * at the top there is the plugin once more, without the program: its launcher starts the one in the folder.
 */
export async function pluginFiles(name: string, { program }: Target, executable: string): Promise<readonly TarFile[]> {
  const top = await Promise.all(PLUGIN.map((path) => readFrom(path)))
  const launchers = await Promise.all(
    ['bin/helm-s3', 'bin/helm-s3.cmd'].map((path) => readFrom(`s3-getter/${path}`, path)),
  )
  const inFolder = await Promise.all([...PLUGIN, ...PROGRAM].map((path) => readFrom(path, `${name}/${path}`)))
  return [
    ...top,
    ...launchers,
    { path: 'main', content: Buffer.from(`../${name}\n`), isExecutable: false },
    ...inFolder,
    { path: `${name}/dist/${program}`, content: await readFile(executable), isExecutable: true },
  ]
}

async function readFrom(source: string, path = source): Promise<TarFile> {
  return { path, content: await readFile(join(ROOT, source)), isExecutable: SCRIPT.test(path) }
}
