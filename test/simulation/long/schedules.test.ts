import { describeSchedules } from '../suites.ts'

describe('the protocol in many more seeded schedules', () => {
  describeSchedules('long')
})
