import { deltaIdOf, deltaTime } from '../../lib/core/log/delta-id.ts'
import { MAX_CLOCK_LEAD } from '../../lib/protocol/session/limits.ts'
import type { ObjectInfo } from '../../lib/store/object-store.ts'
import type { Actors } from './actors.ts'
import { LOCATION, digestOf } from './charts.ts'
import { viewText } from './describe.ts'
import { mayDiffer, mayStay, mayWinOverForce, sawUnacknowledged } from './excuses.ts'
import { MAX_OPERATIONS, type Operation, isLinearizable } from './linearizability.ts'
import { operationsOn } from './record.ts'
import type { World } from './world.ts'

/** Minutes between the last compactions. What is folded in the first of them is forgotten in the last but one. */
const REST = [0, 10, 20, 61, 1]

/** With ids that are ahead, or a clock that was set back, it takes longer. */
const MAX_ROUNDS = REST.length + 4

/** What the index notes of each delta that it has folded and not forgotten. */
const FOLDED = 'helm-s3/folded/'

/** Lets compactions alone run: everything is folded, collected and forgotten, and the view never changes. */
export async function comeToRest(world: World, actors: Actors): Promise<void> {
  world.network.quiet = true
  if (world.outsiders.isIndexBroken) {
    // Where nothing at all is left, `check` does not take it for a repository.
    const { objects } = await world.bucket.list(LOCATION.prefix)
    if (objects.length < 2 || world.random.chance(0.5)) actors.reindex('rebuild', 0, { rebuild: true })
    else actors.check('check', { fix: true }, () => undefined)
    await world.drain()
  }
  const views = new Set<string>()
  for (let round = 0; round < REST.length || (round < MAX_ROUNDS && !(await isTidy(world))); round++) {
    views.add(viewText(await look(world, actors, 'rest')))
    world.time.now += (REST[round] ?? 61) * 60_000 + 1000
    actors.compact('rest', 0)
    await world.drain()
  }
  const final = await look(world, actors, 'final')
  views.add(viewText(final))
  if (views.size > 1) world.violate(`compaction alone changes the view: ${[...views].join(' -> ')}`)
  const text = await readIndexText(world)
  for (const digest of final.values()) if (!text.includes(digest)) world.violate('a pending delta is never folded')
  if (text.includes(FOLDED)) world.violate('a folded delta is never forgotten')
  await checkCollection(world)
}

/** Each version has an archive as its entry says. */
export async function checkArchives(world: World): Promise<void> {
  for (const version of world.versions) {
    const entry = world.reads.at(-1)?.values.get(version) ?? null
    const archive = await archiveDigest(world, version)
    if (archive === entry) continue
    const what =
      archive === null
        ? 'an entry without its archive'
        : entry === null
          ? 'an archive without an entry'
          : 'an entry and an archive that differ'
    const isMixedUp =
      archive !== null && entry !== null && world.kind !== 'no-conditions' && !world.outsiders.haveEmptied
    // A PUT that a proxy repeats may arrive long after its answer, and meet the same bytes, and so the same ETag, as
    // the first time.
    const isLost = isMixedUp && world.network.repeats === 0 && (await isOfAcknowledged(world, version))
    const isExcused = mayDiffer(world, version, { archive, entry }) && !isLost
    if (isExcused) world.count(`residue: ${what}`)
    else world.violate(`${version}: ${what}`)
  }
}

/** `helm s3 check` finds nothing, or finds nothing any more after its repairs. */
export async function checkAdvice(world: World, actors: Actors): Promise<void> {
  const check = async (fix: boolean): Promise<readonly string[]> => {
    const left: string[] = ['check does not end']
    actors.check('check', { fix }, (findings) => {
      left.splice(
        0,
        left.length,
        ...findings.filter((finding) => !mayStay(finding)).map(({ code, detail }) => `${code}: ${detail}`),
      )
    })
    await world.drain()
    return left
  }
  if ((await check(true)).length === 0) return
  world.count('repositories that needed check --fix')
  await look(world, actors, 'fixed')
  for (const left of await check(false)) world.violate(`check --fix leaves ${left}`)
}

/** A reindex with no other client leaves every archive with its entry and every entry with its archive. */
export async function checkHealing(world: World, actors: Actors): Promise<void> {
  actors.reindex('healing', 0, { rebuild: false, full: true })
  await world.drain()
  const healed = await look(world, actors, 'healed')
  for (const version of world.versions) {
    if ((await archiveDigest(world, version)) !== (healed.get(version) ?? null))
      world.violate(`${version}: a reindex at rest does not heal it`)
  }
}

/** The repairs leave no deltas behind either. */
export async function checkTidiness(world: World, actors: Actors): Promise<void> {
  if ((await countDeltas(world)) === 0) return
  for (const minutes of [0, 10]) {
    world.time.now += minutes * 60_000 + 1000
    actors.compact('rest', 0)
    await world.drain()
  }
  await checkCollection(world)
}

/** For each version there is an order of the operations that explains what was seen. */
export function checkOrders(world: World): void {
  for (const version of world.versions) checkOrder(world, version)
}

function checkOrder(world: World, version: string): void {
  const histories = world.records.map((record) => operationsOn(record, version))
  const reads = world.reads.map((read): Operation => ({ ...read, value: read.values.get(version) ?? null }))
  const history = [...histories.flatMap(({ first }) => first), ...world.outsiders.operationsOn(version), ...reads]
  const repeated = histories.flatMap((each) => each.repeated)
  if (history.length + repeated.length > MAX_OPERATIONS) world.count('histories that are too long to search')
  const initial = world.initial.get(version) ?? null
  const lenient = world.kind === 'no-conditions'
  if (isLinearizable(history, initial, lenient)) return
  if (repeated.length > 0 && isLinearizable([...history, ...repeated], initial, lenient)) {
    return world.count('residue: an operation that started again took effect twice')
  }
  const known = history.filter((each) => !sawUnacknowledged(world, each))
  if (isLinearizable([...known, ...repeated], initial, lenient)) {
    return world.count('residue: an unacknowledged delta below a removal showed for a moment')
  }
  if (mayWinOverForce(world, version) && isLinearizable([...known, ...repeated], initial, true)) {
    return world.count('residue: a deletion took the archive of a forced push, and another push won')
  }
  const writes = history.filter(({ kind, client }) => kind !== 'read' || client === 'final')
  const what = isLinearizable(writes, initial, lenient)
    ? 'a read saw what never was'
    : 'an acknowledged mutation is lost or undone'
  world.violate(`${version}: ${what}`)
}

/** What a reader sees now that nothing else happens. */
async function look(world: World, actors: Actors, name: string): Promise<ReadonlyMap<string, string>> {
  const before = world.reads.length
  actors.read(name, 0)
  await world.drain()
  const read = world.reads[before]
  // The same again would only make the search longer.
  if (name === 'rest') world.reads.length = before
  return read?.values ?? new Map<string, string>()
}

async function checkCollection(world: World): Promise<void> {
  const left = await countDeltas(world)
  if (left > 0) world.violate(`${String(left)} deltas are never collected`)
}

/** Nothing is left to fold, to collect, or to forget. */
async function isTidy(world: World): Promise<boolean> {
  return (await countDeltas(world)) === 0 && !(await readIndexText(world)).includes(FOLDED)
}

async function readIndexText({ bucket }: World): Promise<string> {
  const base = await bucket.get(LOCATION.indexKey)
  return base === undefined ? '' : Buffer.from(base.body).toString()
}

/**
 * Counts the deltas that the program obeys. One with an id too far ahead, because the store's clock was set back, is
 * not well-formed and stays.
 */
async function countDeltas({ bucket, outsiders }: World): Promise<number> {
  const isObeyed = ({ key, lastModified }: ObjectInfo): boolean => {
    const id = deltaIdOf(LOCATION.deltaFolder, key)
    return id === undefined || deltaTime(id) <= lastModified + MAX_CLOCK_LEAD
  }
  let count = 0
  for (let token: string | undefined, isFirst = true; isFirst || token !== undefined; isFirst = false) {
    const page = await bucket.list(LOCATION.deltaFolder, token === undefined ? {} : { token })
    count += page.objects.filter((object) => !outsiders.isJunk(object.key) && isObeyed(object)).length
    token = page.next
  }
  return count
}

async function archiveDigest(world: World, version: string): Promise<string | null> {
  const object = await world.bucket.get(world.keyOf(version))
  return object === undefined ? null : digestOf(object.body)
}

/** Whether the archive in the bucket is that of an acknowledged push: then it must have its entry. */
async function isOfAcknowledged(world: World, version: string): Promise<boolean> {
  const id = (await world.bucket.head(world.keyOf(version)))?.metadata.delta
  if (id === undefined) return false
  return world.records.some(
    ({ acknowledgedAt, deltas, existing }) =>
      acknowledgedAt !== undefined && !existing.has(version) && [...deltas].some((key) => key.includes(id)),
  )
}
