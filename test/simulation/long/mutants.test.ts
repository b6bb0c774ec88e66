import { describeMutants } from '../suites.ts'

describe('the simulation, from seed 1 on, finds a violation when the program breaks this rule:', () => {
  describeMutants(() => 1)
})
