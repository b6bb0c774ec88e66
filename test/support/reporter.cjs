'use strict'
const { writeFileSync } = require('node:fs')
const Mocha = require('mocha')

/** Mocha's spec reporter, which also writes the counts as JSON to the file that $MOCHA_REPORT names, if it is set. */
module.exports = class Reporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options)
    const file = process.env.MOCHA_REPORT
    if (file === undefined) return
    // More than once when files that run at once cannot be loaded: the last time has all counts.
    runner.on(Mocha.Runner.constants.EVENT_RUN_END, () => {
      writeFileSync(file, JSON.stringify({ stats: this.stats }))
    })
  }
}
