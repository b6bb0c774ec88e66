import assert from 'node:assert/strict'
import { readOptions } from '../../bench/options.ts'
import { FULL_SIZES, QUICK_SIZES } from '../../bench/sizes.ts'

const NAMES = ['push', 'read']

describe('the command line of the bench', () => {
  const read = (...argv: readonly string[]): unknown => readOptions(argv, NAMES)

  it('selects everything at full size by default', () => {
    const options = readOptions([], NAMES)
    assert.ok(typeof options === 'object')
    assert.deepEqual([options.sizes, options.only, options.isQuick], [FULL_SIZES, [], false])
  })

  it('accepts small sizes, lines and a number of runs', () => {
    const options = readOptions(['--quick', '--only', 'read', '--only=push', '--runs', '5'], NAMES)
    assert.ok(typeof options === 'object')
    assert.deepEqual([options.sizes, options.only], [{ ...QUICK_SIZES, runs: 5, startRuns: 35 }, ['read', 'push']])
  })

  it('accepts the program of an earlier build, which has no default', () => {
    const [given, none] = [readOptions(['--before', '/old/bin/helm-s3'], NAMES), readOptions([], NAMES)]
    assert.ok(typeof given === 'object' && typeof none === 'object')
    assert.deepEqual([given.before, none.before], ['/old/bin/helm-s3', undefined])
  })

  it('refuses unknown lines, options and arguments and invalid values', () => {
    assert.throws(() => read('--only', 'pus'), /no such line: pus; there are: push, read/)
    assert.throws(() => read('--fast'))
    assert.throws(() => read('push'))
    for (const runs of ['0', '1.5', 'x']) assert.throws(() => read('--runs', runs), /whole number above 0/)
    assert.throws(() => read('--endpoint', 'http://127.0.0.1:1', '--minio', 'minio'), /exclude each other/)
  })
})
