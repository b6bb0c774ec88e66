import { describeMutants } from '../suites.ts'

describe('the simulation finds out, from its first schedule on, when it does not hold that', () => {
  describeMutants(() => 1)
})
