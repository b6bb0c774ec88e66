import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CodeCache, compile, keepCode } from './code-cache.ts'

/**
 * The entry of dist/helm-s3.cjs: runs the bundle beside it with the compiled code of an earlier run. Node.js 20 has no
 * compile cache of its own. That of newer versions (`module.enableCompileCache`) is slower, even with a folder for each
 * command: on Node.js 24.21, a download takes 94 ms of processor time with it and 84 ms with this, `version` 52 ms and
 * 51 ms (medians of 30 runs in turns, on two busy cores).
 *
 * Each command has its own cache, which holds only the functions that it calls. Reading a larger cache costs more than
 * it saves.
 */

type Program = (
  this: object,
  exports: object,
  require: NodeJS.Require,
  module: NodeJS.Module,
  filename: string,
  dirname: string,
) => void

const filename = join(__dirname, 'helm-s3.bundle.cjs')
const bundle = readFileSync(filename)
const source = `(function (exports, require, module, __filename, __dirname) {${bundle.toString('latin1')}\n})`
const [, , command = ''] = process.argv
const name = `${process.version}-${process.arch}-${/^[a-z]+$/.test(command) ? command : 'other'}`
const cache: CodeCache = { file: join(__dirname, 'cache', name), madeFrom: bundle }
const { script, isCached } = compile(source, filename, cache)
if (!isCached) {
  process.once('exit', (status) => {
    if (status === 0) keepCode(cache, () => script.createCachedData())
  })
}
const program = script.runInThisContext() as Program
program.call(module.exports as object, module.exports as object, require, module, filename, __dirname)
