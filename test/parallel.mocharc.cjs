'use strict'
const { availableParallelism } = require('node:os')
const base = require('../.mocharc.json')
const { compiled } = require('./support/compiled.cjs')

// How `npm test` runs the tests that scripts/compile-tests.mjs has translated: several files at once, each in one of
// some processes, two more than there are cores, because some tests wait. So no file may count on what another one has
// left, in the process or on the disk.
module.exports = {
  ...base,
  'node-option': ['enable-source-maps'],
  extension: ['js'],
  spec: compiled('test/**/*.test.ts'),
  ignore: base.ignore.map(compiled),
  require: base.require.map((path) => `./${compiled(path)}`),
  parallel: true,
  jobs: availableParallelism() + 2,
}
