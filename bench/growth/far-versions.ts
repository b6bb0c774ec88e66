import { count } from '../format.ts'
import type { Case } from '../line.ts'
import { PagedRepository } from '../paged-repository.ts'
import { type Growth, type GrowthChart, addPoints } from './growth.ts'

/** Above this, each case is run twice at most. */
const LARGE = 200_000

/** In the order in which they are measured: what was pushed is fetched, and deleted. */
const OPERATIONS: readonly {
  readonly what: string
  readonly file: string
  readonly of: (repository: PagedRepository) => Case
}[] = [
  { what: 'push', file: 'push', of: (repository) => repository.push() },
  { what: 'fetch', file: 'fetch', of: (repository) => repository.fetch() },
  { what: 'getter, warm cache', file: 'getter', of: (repository) => repository.getter() },
  { what: 'delete', file: 'delete', of: (repository) => repository.delete() },
]

const VALUES: readonly Pick<GrowthChart, 'value' | 'title'>[] = [
  { value: 'moved', title: 'bytes moved' },
  { value: 'time', title: 'time' },
  { value: 'memory', title: 'peak memory' },
]

/** Cost against the number of versions in an index that is far away, and of which only pages are moved. */
export const farVersions: Growth = {
  name: 'far-versions',
  title: 'Number of versions, far away',
  axis: 'versions in the index, far away',
  charts: OPERATIONS.flatMap(({ file, what }) =>
    VALUES.map(({ title, value }) => ({
      file: `far-${file}-${value}`,
      title: `Far away, ${what}: ${title}`,
      value,
      shows: (series) => series.what === what,
    })),
  ),
  measure: (bench, add, say) =>
    bench.throughRelay(async (relay) => {
      for (const at of bench.sizes.growth.versions) {
        say(`growth: ${count(at)} versions, far away`)
        const runs = at > LARGE ? Math.min(2, bench.sizes.runs) : bench.sizes.runs
        const repositories: PagedRepository[] = []
        const place = { versions: at, form: 'json', relay } as const
        for (const program of bench.builds) repositories.push(await PagedRepository.open(bench, program, place))
        for (const { of, what } of OPERATIONS) {
          const able = repositories.filter(({ hasFetch }) => hasFetch || what !== 'fetch')
          await addPoints(add, at, able.map(of), runs)
        }
        for (const repository of repositories) await repository.remove()
      }
    }),
}
