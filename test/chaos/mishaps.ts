import { pause } from '../e2e/support/servers.ts'
import type { RoundPlan } from './plan.ts'
import type { RoundRepository } from './round-repository.ts'

/** How often somebody tries to damage index.yaml, each half a second. */
const ATTEMPTS = 40

/**
 * Damages index.yaml as the plan says.
 * @param index what stood there when the round began
 * @returns when that began; undefined: the plan has no damage
 */
export async function damageIndex(
  { damage }: RoundPlan,
  { indexKey: key, stage: { objects } }: RoundRepository,
  index: Uint8Array,
): Promise<number | undefined> {
  if (damage === undefined) return undefined
  await pause(damage.at)
  const began = performance.now()
  const text = damage.what === 'garbage' ? Buffer.from('garbage: [') : index
  // The store may be down at this moment.
  for (let attempt = 0; ; attempt++) {
    try {
      const { outcome } =
        damage.what === 'lost' ? await objects.delete(key) : await objects.put(key, text, { when: 'always' })
      if (outcome === 'deleted' || outcome === 'written') return began
      throw new Error(`index.yaml cannot be damaged: ${outcome}`)
    } catch (error) {
      if (attempt === ATTEMPTS) throw error
      await pause(500)
    }
  }
}

/** Kills the store, and starts it again, as the plan says. */
export async function killStore({ outage }: RoundPlan, { stage }: RoundRepository): Promise<void> {
  const { mayDie, server } = stage.store
  if (outage === undefined || server === undefined || !mayDie) return
  await pause(outage.at)
  await server.kill()
  await pause(outage.ms)
  await server.comeBack()
}
