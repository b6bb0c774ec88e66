import { clocks } from './schedules/clocks.ts'
import { crossings } from './schedules/crossings.ts'
import { lateDeltas } from './schedules/late-deltas.ts'
import { mutations } from './schedules/mutations.ts'
import { orphans } from './schedules/orphans.ts'
import { rebuilds } from './schedules/rebuilds.ts'
import { describeSchedules } from './support/schedules.ts'

/**
 * What is acknowledged is there, and what is there is complete, even if clients are suspended, die, or have requests
 * that arrive late. Each schedule is one such course of events, laid out request by request.
 */
describeSchedules('schedules of several clients', [
  ...rebuilds,
  ...lateDeltas,
  ...clocks,
  ...orphans,
  ...mutations,
  ...crossings,
])
