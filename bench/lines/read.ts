import { readFile } from 'node:fs/promises'
import { type IndexForm, readIndexText } from '../../lib/core/index/index-text.ts'
import { VERSIONS_PER_CHART, deltaFiles } from '../data.ts'
import { FORMS } from '../forms.ts'
import { type Case, type Line, atMostTimes, measureCases, memoryAtMost, rowOf } from '../line.ts'
import type { Repository } from '../repository.ts'
import type { Workbench } from '../workbench.ts'

/** What Helm's getter does on `index.yaml`, against the download of an object with the same bytes. */
export const read: Line = {
  name: 'read',
  title: ({ sizes }) =>
    `merge on read: getter on \`index.yaml\`, ${sizes.big.toLocaleString('en')} versions, ` +
    `${String(sizes.pendingRead)} pending deltas on as many charts`,
  measure: async (bench) => {
    const cases: Case[] = []
    for (const form of FORMS) {
      const repository = await repositoryWithDeltas(bench, form)
      const merged = await putMerged(bench, repository)
      for (const { name, path } of bench.ours) {
        const download = (what: string, file: string): Case => {
          const args = ['download', '', '', '', repository.urlOf(file)]
          const run = { stdout: bench.path('stdout') }
          return {
            what: `${what}, ${form}`,
            program: name,
            run: () => bench.run(path, args, repository, run),
            count: () => bench.count(path, args, repository, run),
          }
        }
        cases.push(download('merge on read', 'index.yaml'), download('plain download of the same bytes', merged))
      }
    }
    const rows = await measureCases(cases, bench.sizes.runs * 2)
    const goals = FORMS.flatMap((form) =>
      bench.ours.flatMap(({ name }) => {
        const merge = rowOf(rows, `merge on read, ${form}`, name)
        return [
          atMostTimes(1.5, merge, rowOf(rows, `plain download of the same bytes, ${form}`, name)),
          memoryAtMost(350, merge),
        ]
      }),
    )
    return { rows, goals }
  },
}

async function repositoryWithDeltas(bench: Workbench, form: IndexForm): Promise<Repository> {
  const { big, pendingRead } = bench.sizes
  const repository = bench.repository()
  await repository.restore(await bench.index(big, form))
  await repository.putDeltas(deltaFiles(pendingRead, big / VERSIONS_PER_CHART))
  return repository
}

/** Puts what the getter answers beside the index as an object of its own. @returns its file name */
async function putMerged(bench: Workbench, repository: Repository): Promise<string> {
  const [program] = bench.ours
  if (program === undefined) throw new Error('nothing is built')
  const stdout = bench.path('stdout')
  await bench.run(program.path, ['download', '', '', '', repository.urlOf('index.yaml')], repository, { stdout })
  const bytes = await readFile(stdout)
  const [found, expected] = [readIndexText(bytes).countEntries(), bench.sizes.big + bench.sizes.pendingRead]
  if (found !== expected) throw new Error(`the merged index holds ${String(found)} entries, not ${String(expected)}`)
  await bench.bucket.put(`${repository.prefix}merged.txt`, bytes)
  return 'merged.txt'
}
