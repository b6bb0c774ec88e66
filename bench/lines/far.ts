import type { IndexForm } from '../../lib/core/index/index-text.ts'
import { count } from '../format.ts'
import {
  type Case,
  type Line,
  atMostTimes,
  fasterThan,
  findRow,
  measureCases,
  memoryAtMost,
  movedAtMost,
} from '../line.ts'
import { PagedRepository } from '../paged-repository.ts'
import type { Relay } from '../relay.ts'
import type { Goal, Row } from '../result.ts'
import type { FarSizes } from '../sizes.ts'
import type { Workbench } from '../workbench.ts'

/** Operations that move only pages of an index in JSON, far away from the store; and that they cost no more near it. */
export const far = farLine('far', 'json')
/** The same of an index in YAML. */
export const farYaml = farLine('far-yaml', 'yaml')

function farLine(name: string, form: IndexForm): Line {
  return {
    name,
    title: ({ sizes }) =>
      `pages of an index in ${form.toUpperCase()}: up to ${count(sizes.far.huge)} versions, ` +
      `store ${String(sizes.roundTrip)} ms away, ${String(sizes.bandwidth / 1e6)} Mbit/s`,
    measure: async (bench) => {
      const distant = await bench.throughRelay((relay) => measureFar(bench, form, relay))
      const rows = [...distant, ...(await measureNear(bench, form))]
      const goals = bench.ours.flatMap((program) => goalsOf(rows, program.name, bench.sizes.far))
      const notes = bench.before === undefined ? ['No earlier build was given with `--before PATH`.'] : []
      return { rows, goals, notes }
    },
  }
}

/** A repository with so many versions, and its case of an operation. */
interface Sized {
  readonly versions: number
  readonly repository: PagedRepository
}

async function measureFar(bench: Workbench, form: IndexForm, relay: Relay): Promise<Row[]> {
  const { huge, large, small, tiny } = bench.sizes.far
  const all = await openAll(bench, [tiny, small, large, huge], form, relay)
  const { runs } = bench.sizes
  const measure = (of: (repository: PagedRepository) => Case, some: readonly Sized[] = all): Promise<Row[]> =>
    measureCases(
      some.map((each) => atSize(each, of(each.repository))),
      runs,
    )
  const rows = [
    ...(await measure((repository) => repository.push())),
    ...(await measure(
      (repository) => repository.fetch(),
      all.filter(({ repository }) => repository.hasFetch),
    )),
    ...(await measure(
      (repository) => repository.getter(),
      all.filter(({ versions }) => versions === large),
    )),
    ...(await measure((repository) => repository.delete())),
  ]
  for (const { repository } of all) await repository.remove()
  return rows
}

async function measureNear(bench: Workbench, form: IndexForm): Promise<Row[]> {
  const { large, small, tiny } = bench.sizes.far
  const all = await openAll(bench, [tiny, small, large], form)
  const cases = all.map((each) => atSize(each, { ...each.repository.push(), what: 'push, loopback' }))
  const rows = await measureCases(cases, bench.sizes.startRuns)
  for (const { repository } of all) await repository.remove()
  return rows
}

async function openAll(bench: Workbench, sizes: readonly number[], form: IndexForm, relay?: Relay): Promise<Sized[]> {
  const opened: Sized[] = []
  for (const versions of sizes) {
    for (const program of bench.builds)
      opened.push({ versions, repository: await PagedRepository.open(bench, program, { versions, form, relay }) })
  }
  return opened
}

function atSize({ versions }: Sized, one: Case): Case {
  return { ...one, what: caseName(one.what, versions) }
}

function caseName(what: string, versions: number): string {
  return `${what}, ${count(versions)} versions`
}

/** The goals of one form of the program. */
export function goalsOf(rows: readonly Row[], program: string, { huge, large, small, tiny }: FarSizes): Goal[] {
  const goal = (what: string, versions: number, ...made: readonly ((row: Row, before: Row | undefined) => Goal)[]) => {
    const name = caseName(what, versions)
    const row = findRow(rows, name, program)
    return row === undefined ? [] : made.map((make) => make(row, findRow(rows, name, 'before')))
  }
  const faster = (limit: number) => (row: Row, before: Row | undefined) => fasterThan(before, limit, row)
  const moved = (limit: number) => (row: Row) => movedAtMost(limit, row)
  const memory = (limit: number) => (row: Row) => memoryAtMost(limit, row)
  const against = (what: string, versions: number, limit: number) => (row: Row) => ({
    ...atMostTimes(limit, row, findRow(rows, caseName(what, versions), program)),
    what: `${row.what} against ${count(versions)}`,
  })
  const noSlower = (row: Row, before: Row | undefined) => atMostTimes(1.05, row, before)
  return [
    ...goal('push', large, faster(4), moved(14), memory(120)),
    ...goal('push', huge, faster(12), moved(14), memory(150), against('push', small, 1.6)),
    ...goal('delete', huge, faster(12)),
    ...goal('fetch', huge, against('fetch', tiny, 1.4), moved(3), memory(90)),
    ...goal('getter, warm cache', large, faster(6), moved(3)),
    ...[tiny, small, large].flatMap((versions) => goal('push, loopback', versions, noSlower)),
  ]
}
