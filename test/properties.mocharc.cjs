'use strict'
const { compiled } = require('./support/compiled.cjs')

// The tests that try random inputs, with all of their budgets: see test/support/budget.ts. Processes of mocha and of the
// tests inherit the environment.
process.env['TEST_BUDGET'] = 'long'

module.exports = {
  ...require('./parallel.mocharc.cjs'),
  spec: ['test/{core,embedded,fuzz,text,yaml}/**/*.test.ts', 'test/protocol/{paged,remove}/*.test.ts'].map(compiled),
}
