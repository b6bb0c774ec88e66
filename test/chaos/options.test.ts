import assert from 'node:assert/strict'
import { readOptions } from './options.ts'

describe('the command line of the chaos rounds', () => {
  it('has a default for everything', () => {
    const options = readOptions([])
    assert.notEqual(options, 'help')
    if (options === 'help') return
    const { endpoint, form, from, pace, rounds, seed, store, subject } = options
    assert.deepEqual(
      [store, endpoint, rounds, from, seed, form, pace, subject],
      ['minio', undefined, 20, 0, 1, 'bundle', 'even', 'ours'],
    )
  })

  it('takes a store that runs instead of one that it starts, and not both', () => {
    const options = readOptions(['--endpoint', 'http://127.0.0.1:9000'])
    assert.equal(options === 'help' ? '' : options.store, undefined)
    assert.throws(() => readOptions(['--endpoint', 'http://127.0.0.1:9000', '--store', 'minio']), /exclude each other/)
  })

  it('takes long delays or many kills, and not both', () => {
    const paceOf = (...flags: readonly string[]): string => {
      const options = readOptions(flags)
      return options === 'help' ? '' : options.pace
    }
    assert.deepEqual([paceOf('--long'), paceOf('--kills')], ['long', 'kills'])
    assert.throws(() => readOptions(['--long', '--kills']), /--long and --kills exclude each other/)
  })

  it('refuses what is no number, no store, no form and no program', () => {
    assert.throws(() => readOptions(['--rounds', '0']), /--rounds takes a whole number from 1 on/)
    assert.throws(() => readOptions(['--seed', 'x']), /--seed takes a whole number/)
    assert.throws(() => readOptions(['--store', 's4']), /--store takes one of: minio, versitygw, seaweedfs/)
    assert.throws(() => readOptions(['--form', 'wasm']), /--form takes one of/)
    assert.throws(() => readOptions(['--subject', 'theirs']), /--subject takes one of: ours, broken:no-swap/)
    assert.throws(() => readOptions(['--nothing']), /nothing/)
  })

  it('knows help', () => {
    assert.equal(readOptions(['-h']), 'help')
  })
})
