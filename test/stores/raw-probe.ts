import type { RunningStore } from '../e2e/support/servers.ts'
import type { RawProbe } from './probe/behaviours.ts'
import { probeComposing } from './probe/composing.ts'
import { probeConditions } from './probe/conditions.ts'
import { Lab, said } from './probe/lab.ts'
import { probeListing } from './probe/listing.ts'
import { probeReading } from './probe/reading.ts'
import { probeWriting } from './probe/writing.ts'
import { rawClient } from './raw-client.ts'

export const ROUNDS = 30

/** A bucket for raw requests, made where it is not there. */
export async function openLab(store: RunningStore): Promise<Lab> {
  const lab = new Lab(rawClient(store), 'raw-probe')
  const made = await lab.ask({ method: 'PUT' })
  if (made.status !== 200) throw new Error(`${store.name} makes no bucket: ${said(made)}`)
  return lab
}

/**
 * Measures, by raw signed requests, all that `BEHAVIOURS` names, but for what is left after a restart. It costs some
 * 1,600 small PUTs, 16 of 6 MiB, and 200 other requests.
 */
export async function probeRaw(lab: Lab, store: RunningStore, rounds = ROUNDS): Promise<RawProbe> {
  const { races, words } = await probeConditions(lab, rounds)
  return {
    words: {
      ...words,
      ...(await probeComposing(lab)),
      ...(await probeListing(lab)),
      ...(await probeReading(lab)),
      ...(await probeWriting(lab, store, rounds)),
    },
    races,
  }
}
