'use strict'

/** Where scripts/compile-tests.mjs puts the JavaScript of tests. `path`: a path or pattern below `test/`, from the root. */
exports.compiled = (path) => path.replace(/^(?:\.\/)?(?=test\/)/, '.cache/compiled/').replace(/\.ts$/, '.js')
