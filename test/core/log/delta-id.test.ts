import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  MAX_DELTA_TIME,
  deltaIdOf,
  deltaKey,
  deltaTime,
  lowestDeltaId,
  makeDeltaId,
  parseDeltaId,
} from '../../../lib/core/log/delta-id.ts'

const anyTime = fc.integer({ min: 0, max: MAX_DELTA_TIME })
const anyRandom = fc.uint8Array({ minLength: 10, maxLength: 10 })

describe('a delta id', () => {
  it('contains its time', () => {
    fc.assert(
      fc.property(anyTime, anyRandom, (time, random) => assert.equal(deltaTime(makeDeltaId(time, random)), time)),
    )
  })

  it('sorts by time first, then by its random bits', () => {
    fc.assert(
      fc.property(anyTime, anyTime, anyRandom, anyRandom, (t1, t2, r1, r2) => {
        const order = t1 - t2 || Buffer.compare(r1, r2)
        const [a, b] = [makeDeltaId(t1, r1), makeDeltaId(t2, r2)]
        assert.equal(Math.sign(order), a < b ? -1 : a > b ? 1 : 0)
      }),
    )
  })

  it('is never below the lowest id of its time', () => {
    fc.assert(
      fc.property(anyTime, anyRandom, (time, random) => assert.ok(makeDeltaId(time, random) >= lowestDeltaId(time))),
    )
  })

  it('can be read from its key', () => {
    const id = makeDeltaId(
      1_700_000_000_000,
      Uint8Array.from({ length: 10 }, (_, i) => i * 25),
    )
    assert.equal(deltaIdOf('charts/index.d/', deltaKey('charts/index.d/', id)), id)
    assert.equal(parseDeltaId(id), id)
  })

  it('is not read from keys of another form', () => {
    const names = [
      '.yaml',
      'x.yaml',
      '81HF7YAT000000000000000000.yaml',
      '01HF7YAT00000000000000000.yaml',
      '01hf7yat000000000000000000.yaml',
      '01HF7YAT00000000000000000U.yaml',
      '01HF7YAT000000000000000000.yml',
      'a/01HF7YAT000000000000000000.yaml',
    ]
    for (const name of names) assert.equal(deltaIdOf('index.d/', `index.d/${name}` as never), undefined, name)
    assert.equal(deltaIdOf('index.d/', 'other/01HF7YAT000000000000000000.yaml' as never), undefined)
  })
})
