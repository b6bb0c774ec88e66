import { Actors } from './actors.ts'
import { checkHealing, checkVersions, comeToRest } from './checks.ts'
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
}

/** Runs one schedule: the seed alone decides what happens. */
export async function runSchedule(product: Product, seed: number, options: ScheduleOptions): Promise<Outcome> {
  const world = new World(product, seed, options)
  const actors = new Actors(world)
  await layOut(world)
  actors.spawnAll()
  await world.drain()
  await comeToRest(world, actors)
  await checkVersions(world)
  countOutcomes(world)
  await checkHealing(world, actors)
  return { seed, mix: world.mixName, violations: world.violations, counts: world.counts }
}

function countOutcomes(world: World): void {
  for (const { client, acknowledgedAt, failure, kind } of world.records) {
    if (client.crashed) world.count('clients that crashed')
    if (acknowledgedAt !== undefined) world.count(`acknowledged: ${kind}`)
    if (failure !== undefined) world.count(`failed: ${kind}: ${failure}`)
  }
}
