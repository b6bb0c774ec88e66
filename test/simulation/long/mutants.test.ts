import { describeMutants } from '../suites.ts'

describe('the simulation finds a violation when the program breaks this rule:', () => {
  describeMutants()
})
