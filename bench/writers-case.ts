import type { MadeChart } from './archives.ts'
import type { Case } from './line.ts'
import { type Call, measureTogether } from './measure.ts'
import type { Program } from './programs.ts'
import type { Workbench } from './workbench.ts'

/** The Go plugin loses charts, takes long and needs much memory: it is not asked more often than this. */
const PEER_RUNS = 2

/**
 * Pushes of these charts at the same moment, a process each. `found`: by program, how many of them were in the index at
 * worst.
 */
export function writersCase(
  bench: Workbench,
  {
    charts,
    found,
    index,
    program,
    what,
  }: {
    readonly program: Program
    readonly index: string
    readonly charts: readonly MadeChart[]
    readonly what: string
    readonly found: Map<string, number>
  },
): Case {
  const repository = bench.repository()
  let calls: readonly Call[] = []
  return {
    what,
    program: program.name,
    ...(program.name === 'peer' ? { runs: PEER_RUNS } : {}),
    prepare: async () => {
      await repository.restore(index)
      calls = await Promise.all(charts.map(({ path }) => bench.call(program.path, ['push', path, 'bench'], repository)))
    },
    run: async () => {
      const sample = await measureTogether(calls, bench.folder)
      const count = await repository.countInIndex(charts)
      found.set(program.name, Math.min(count, found.get(program.name) ?? count))
      return sample
    },
  }
}
