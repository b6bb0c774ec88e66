import { type IndexForm, readIndexText } from '../../lib/core/index/index-text.ts'
import { makeChart } from '../archives.ts'
import { chartName, deltaFiles } from '../data.ts'
import { count } from '../format.ts'
import type { Case } from '../line.ts'
import type { Program } from '../programs.ts'
import type { Repository } from '../repository.ts'
import type { Workbench } from '../workbench.ts'
import { type Growth, type GrowthSeries, addPoints } from './growth.ts'

const PENDING = 10
/** Above this, each case is run twice at most: it takes seconds, and so varies less. */
const LARGE = 200_000

const showing =
  (...whats: readonly string[]) =>
  ({ what }: GrowthSeries): boolean =>
    whats.includes(what)

/** Cost against the number of versions in the index. */
export const versions: Growth = {
  name: 'versions',
  title: 'Number of versions',
  axis: 'versions in the index',
  charts: [
    { file: 'versions-push', title: 'Time of a push', value: 'time', shows: showing('push', 'push --no-compact') },
    {
      file: 'versions-push-memory',
      title: 'Peak memory of a push',
      value: 'memory',
      shows: showing('push', 'push --no-compact'),
    },
    {
      file: 'versions-read',
      title: `Time to read the index, ${String(PENDING)} deltas pending`,
      value: 'time',
      shows: showing('read'),
    },
    { file: 'versions-read-memory', title: 'Peak memory to read the index', value: 'memory', shows: showing('read') },
    { file: 'versions-delete', title: 'Time to delete one version', value: 'time', shows: showing('delete') },
    {
      file: 'versions-compact',
      title: `Time to compact ${String(PENDING)} deltas`,
      value: 'time',
      shows: showing('compact'),
    },
  ],
  measure: async (bench, add, say) => {
    const { peerVersions, versions: steps } = bench.sizes.growth
    for (const at of steps) {
      say(`growth: ${count(at)} versions`)
      const runs = at > LARGE ? Math.min(2, bench.sizes.runs) : bench.sizes.runs
      const subjects = subjectsOf(bench).filter(({ program }) => program.name !== 'peer' || at <= peerVersions)
      const cases = await Promise.all(subjects.map((subject) => casesOf(bench, at, subject)))
      // One operation after another: each is compared in turns with the same operation of the others.
      for (const what of ['push', 'push --no-compact', 'delete', 'read', 'compact']) {
        await addPoints(
          add,
          at,
          cases.flat().filter((each) => each.what === what),
          runs,
        )
      }
      for (const { repository } of subjects) await repository.remove()
    }
  },
}

interface VersionsSubject {
  readonly program: Program
  readonly form: IndexForm
  readonly repository: Repository
}

/** Each form of the program on JSON, the last one also on YAML, as is the peer. */
function subjectsOf(bench: Workbench): VersionsSubject[] {
  const one = (program: Program, form: IndexForm): VersionsSubject => ({
    program,
    form,
    repository: bench.repository(),
  })
  const onYaml = bench.ours.slice(-1).map((program) => one(program, 'yaml'))
  return [
    ...bench.ours.map((program) => one(program, 'json')),
    ...onYaml,
    ...(bench.peer === undefined ? [] : [one(bench.peer, 'yaml')]),
  ]
}

async function casesOf(bench: Workbench, at: number, { form, program, repository }: VersionsSubject): Promise<Case[]> {
  const { sample } = bench
  const index = await bench.index(at, form)
  const chart = await makeChart(bench.path('charts'), chartName(1), '9.0.0')
  const label = `${program.name}, ${form}`
  const run = (...args: readonly string[]) => ({ program: label, run: () => bench.run(program.path, args, repository) })
  const plain = async (): Promise<void> => {
    await repository.restore(index)
    await repository.putArchive(sample)
  }
  const push: Case = { what: 'push', prepare: plain, ...run('push', chart.path, 'bench') }
  const remove: Case = {
    what: 'delete',
    prepare: plain,
    ...run('delete', sample.name, '--version', sample.version, 'bench'),
  }
  const withDeltas = async (): Promise<void> => {
    await repository.restore(index)
    if (program.name !== 'peer') await repository.putDeltas(deltaFiles(PENDING, at))
  }
  const stdout = bench.path('stdout')
  const read: Case = {
    what: 'read',
    program: label,
    prepare: withDeltas,
    run: () =>
      bench.run(program.path, ['download', '', '', '', repository.urlOf('index.yaml')], repository, { stdout }),
  }
  if (program.name === 'peer') return [push, remove, read]
  const compact: Case = {
    what: 'compact',
    prepare: withDeltas,
    ...run('compact', 'bench'),
    check: async () => {
      const found = readIndexText(await bench.bucket.get(repository.indexKey)).countEntries()
      if (found !== at + PENDING) throw new Error(`${label}: the compacted index holds ${String(found)} entries`)
    },
  }
  return [
    push,
    { what: 'push --no-compact', prepare: plain, ...run('push', chart.path, 'bench', '--no-compact') },
    remove,
    read,
    compact,
  ]
}
