import fc from 'fast-check'
import { budget } from './budget.ts'

/** Properties that name no seed of their own run with this one: what they try is the same in every run. */
fc.configureGlobal({ seed: 20_260_101, numRuns: budget(100) })
