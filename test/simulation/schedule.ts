import { Actors } from './actors.ts'
import { checkAdvice, checkArchives, checkHealing, checkOrders, checkTidiness, comeToRest } from './checks.ts'
import { layOut } from './lay-out.ts'
import type { MixName } from './mixes.ts'
import type { Product } from './product.ts'
import { type ScheduleOptions, World } from './world.ts'

export interface Outcome {
  readonly seed: number
  readonly mix: MixName
  readonly violations: readonly string[]
  /** What the protocol does not promise and what else is worth counting. */
  readonly counts: ReadonlyMap<string, number>
  /** How long each operation took that was acknowledged, milliseconds. */
  readonly waits: readonly (readonly [what: string, ms: number])[]
}

/** Runs one schedule: the seed alone decides what happens. */
export async function runSchedule(product: Product, seed: number, options: ScheduleOptions): Promise<Outcome> {
  const world = new World(product, seed, options)
  const actors = new Actors(world)
  if (world.mix.inTurn) await actors.playInTurn()
  else {
    await layOut(world)
    actors.spawnAll()
    await world.drain()
  }
  countOutcomes(world)
  const waits = [...world.waits]
  await comeToRest(world, actors)
  await checkArchives(world)
  await checkAdvice(world, actors)
  await checkHealing(world, actors)
  await checkTidiness(world, actors)
  checkOrders(world)
  return { seed, mix: world.mixName, violations: world.violations, counts: world.counts, waits }
}

function countOutcomes(world: World): void {
  for (const { acknowledgedAt, client, failure, kind } of world.records) {
    if (client.hasCrashed) world.count('clients that crashed')
    if (acknowledgedAt !== undefined) world.count(`acknowledged: ${kind}`)
    if (failure !== undefined) world.count(`failed: ${kind}: ${failure}`)
  }
}
