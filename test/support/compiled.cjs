'use strict'

/** Where scripts/compile-tests.mjs puts the JavaScript of these tests: paths and patterns below `test/`, from the root. */
exports.compiled = (path) => path.replace(/^(?:\.\/)?(?=test\/)/, '.cache/compiled/').replace(/\.ts$/, '.js')
