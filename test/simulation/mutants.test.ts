import { describeMutants } from './suites.ts'

describe('the simulation finds out when it does not hold that', () => {
  describeMutants(({ shows }) => shows)
})
