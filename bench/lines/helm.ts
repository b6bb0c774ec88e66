import { copyFile, mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { IndexForm } from '../../lib/core/index/index-text.ts'
import type { HelmHome } from '../helm-home.ts'
import { type Case, type Line, Skip, atMostTimes, findRow, measureCases } from '../line.ts'
import type { Program } from '../programs.ts'
import type { Workbench } from '../workbench.ts'

/** The real Helm, with this program and JSON text against the Go plugin and YAML. */
export const helm: Line = {
  name: 'helm',
  title: ({ sizes }) =>
    `\`helm repo update\` and \`helm search\` with our JSON form at ${sizes.big.toLocaleString('en')}`,
  measure: async (bench) => {
    const { helm: program } = bench
    if (program === undefined) throw new Skip('no Helm was given with `--helm PATH`')
    const cases: Case[] = []
    for (const ours of bench.ours) cases.push(...(await helmCases(bench, program, ours, 'json')))
    const [first] = bench.ours
    if (bench.peer !== undefined) cases.push(...(await helmCases(bench, program, bench.peer, 'yaml')))
    else if (first !== undefined) cases.push(...(await helmCases(bench, program, first, 'yaml')))
    const rows = await measureCases(cases, bench.sizes.runs)
    const goals = bench.ours.flatMap(({ name }) =>
      [
        { what: 'helm repo update', limit: 0.45 },
        { what: 'helm search repo', limit: 0.3 },
      ].flatMap(({ limit, what }) => {
        const row = findRow(rows, `${what}, json`, name)
        return row === undefined ? [] : [atMostTimes(limit, row, findRow(rows, `${what}, yaml`, 'peer'))]
      }),
    )
    return { rows, goals }
  },
}

async function helmCases(bench: Workbench, helmProgram: string, program: Program, form: IndexForm): Promise<Case[]> {
  const repository = bench.repository()
  await repository.restore(await bench.index(bench.sizes.big, form))
  const home = await bench.home(repository)
  await installGetter(home, program)
  const one = (what: string, args: readonly string[]): Case => ({
    what: `${what}, ${form}`,
    program: program.name,
    run: () => bench.run(helmProgram, args, repository, { home }),
  })
  return [
    one('helm repo update', ['repo', 'update', 'bench']),
    one('helm search repo', ['search', 'repo', 'bench/service-00001']),
  ]
}

/** Both programs as the same plugin, nothing but a getter: Helm 3 and 4 take it. */
async function installGetter(home: HelmHome, { path }: Program): Promise<void> {
  const plugin = join(home.folder, 'data', 'plugins', 's3')
  await mkdir(join(plugin, 'bin'), { recursive: true })
  await symlink(path, join(plugin, 'bin', 'helm-s3'))
  await copyFile(join(import.meta.dirname, '..', '..', 's3-getter', 'plugin.yaml'), join(plugin, 'plugin.yaml'))
}
