import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../packaging/shell.ts'
import { useTempFolder } from './temp-folder.ts'

const ROOT = join(import.meta.dirname, '../..')
const MOCHA = join(ROOT, 'node_modules/mocha/bin/mocha.js')
const REPORTER = join(ROOT, 'test/support/reporter.cjs')

const FILES = {
  'mixed.cjs':
    "describe('a', () => { it('1', () => {}); it('2', () => { throw new Error('no') }); it.skip('3', () => {}); " +
    "it('4') })",
  'good.cjs': "describe('b', () => { it('1', () => {}); it('2', () => {}) })",
  'ends.cjs': "describe('c', () => { it('1', () => process.exit(0)); it('2', () => {}) })",
  'broken.cjs': "throw new Error('cannot be loaded')",
  'alone.cjs': "describe('d', () => { it.only('1', () => {}); it('2', () => {}) })",
}

/** What `.ci/run` counts. */
describe('the report of a test run', () => {
  const path = useTempFolder()
  const report = (mode: 'serial' | 'parallel', ...files: readonly (keyof typeof FILES)[]): readonly number[] => {
    for (const file of files) writeFileSync(path(file), FILES[file])
    const options = [
      '--no-config',
      '--no-package',
      '--reporter',
      REPORTER,
      ...(mode === 'parallel' ? ['--parallel', '--jobs', '2'] : []),
    ]
    const { status } = run(process.execPath, [MOCHA, ...options, ...files.map((file) => path(file))], {
      MOCHA_REPORT: path('report.json'),
    })
    const { stats } = JSON.parse(readFileSync(path('report.json'), 'utf8')) as {
      readonly stats: Readonly<Record<string, number>>
    }
    return [stats['passes'] ?? NaN, stats['failures'] ?? NaN, stats['pending'] ?? NaN, status ?? NaN]
  }

  it('counts what passed, what failed and what was skipped, whether files run one after another or at once', () => {
    for (const mode of ['serial', 'parallel'] as const)
      assert.deepEqual(report(mode, 'mixed.cjs', 'good.cjs'), [3, 1, 2, 1], mode)
  })

  it(
    'counts a file as failed that ends its process, cannot be loaded, or would run one test alone, when files run ' +
      'at once',
    () => {
      assert.deepEqual(report('parallel', 'good.cjs', 'ends.cjs', 'broken.cjs', 'alone.cjs'), [2, 3, 0, 3])
    },
  )
})
