'use strict'
const { availableParallelism } = require('node:os')

// What `npm test` adds to the configuration: several files at once, each in one of some processes, two more than there
// are cores, because some tests wait. So no file may count on what another one has left, in the process or on the disk.
module.exports = { ...require('../.mocharc.json'), parallel: true, jobs: availableParallelism() + 2 }
