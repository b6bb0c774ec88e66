import { asKey } from '../../lib/core/keys.ts'
import { type Actors, describeView } from './actors.ts'
import { CHART, LOCATION, digestOf } from './charts.ts'
import { mayDiffer, sawUnacknowledged } from './excuses.ts'
import { type Operation, isLinearizable } from './linearizability.ts'
import { operationsOn } from './record.ts'
import type { World } from './world.ts'

/** No more clients: everything folds, is collected and forgotten, and the view never changes. */
export async function comeToRest(world: World, actors: Actors): Promise<void> {
  world.network.quiet = true
  if (world.mixName === 'rebuild') {
    actors.reindex('rebuild', 0, { rebuild: true })
    await world.drain()
  }
  const views: string[] = []
  const look = async (): Promise<void> => {
    actors.read('final', 0)
    await world.drain()
    views.push(describeView(world.reads.at(-1)?.values ?? new Map()))
  }
  await look()
  for (const minutes of [0, 10, 20, 61, 1]) {
    world.time.now += minutes * 60_000 + 1000
    actors.compact('rest', 0)
    await world.drain()
    await look()
  }
  if (new Set(views).size > 1) world.violate(`compaction alone changes the view: ${[...new Set(views)].join(' -> ')}`)
  const base = await world.bucket.get(LOCATION.indexKey)
  const text = base === undefined ? '' : Buffer.from(base.body).toString()
  for (const digest of world.reads.at(-1)?.values.values() ?? []) {
    if (!text.includes(digest)) world.violate('a pending delta is never folded')
  }
  const left = (await world.bucket.list(LOCATION.deltaFolder)).objects.length
  if (left > 0 && world.mixName !== 'junk') world.violate(`${String(left)} deltas are never collected`)
}

/** Each version has a history that one order explains, and an archive as its entry says. */
export async function checkVersions(world: World): Promise<void> {
  const final = world.reads.at(-1)?.values ?? new Map<string, string>()
  for (const version of world.versions) {
    checkOrder(world, version)
    await checkArchive(world, version, final.get(version) ?? null)
  }
}

/** A reindex at rest leaves every archive with its entry and every entry with its archive, whatever died half way. */
export async function checkHealing(world: World, actors: Actors): Promise<void> {
  actors.reindex('healing', 0, { rebuild: false, full: true })
  await world.drain()
  actors.read('healed', 0)
  await world.drain()
  for (const version of world.versions) {
    const entry = world.reads.at(-1)?.values.get(version) ?? null
    if ((await archiveDigest(world, version)) !== entry) world.violate(`${version}: a reindex at rest does not heal it`)
  }
}

function checkOrder(world: World, version: string): void {
  const operations = world.records.map((record) => operationsOn(record, version))
  const reads = world.reads.map((read): Operation => ({ ...read, value: read.values.get(version) ?? null }))
  const history = [...operations.flatMap(({ first }) => first), ...reads]
  const initial = world.initial.get(version) ?? null
  const lenient = world.kind === 'no-conditions'
  if (isLinearizable(history, initial, lenient)) return
  const repeated = operations.flatMap((each) => each.repeated)
  if (repeated.length > 0 && isLinearizable([...history, ...repeated], initial, lenient)) {
    world.count('residue: an operation that started again took effect twice')
    return
  }
  if (isLinearizable([...history.filter((each) => !sawUnacknowledged(world, each)), ...repeated], initial, lenient)) {
    world.count('residue: an unacknowledged delta below a removal showed for a moment')
    return
  }
  const writes = history.filter(({ kind, client }) => kind !== 'read' || client === 'final')
  const what = isLinearizable(writes, initial, lenient) ? 'a read saw what never was' : 'an acknowledged mutation is lost or undone'
  world.violate(`${version}: ${what}`)
}

async function checkArchive(world: World, version: string, entry: string | null): Promise<void> {
  const archive = await archiveDigest(world, version)
  if (archive === entry) return
  const what = archive === null ? 'an entry without its archive' : entry === null ? 'an archive without an entry' : 'an entry and an archive that differ'
  if (mayDiffer(world, version, { archive, entry })) world.count(`residue: ${what}`)
  else world.violate(`${version}: ${what}`)
}

async function archiveDigest({ bucket }: World, version: string): Promise<string | null> {
  const object = await bucket.get(asKey(`${LOCATION.prefix}${CHART}-${version}.tgz`))
  return object === undefined ? null : digestOf(object.body)
}
