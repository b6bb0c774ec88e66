import assert from 'node:assert/strict'
import { MemoryStore } from '../../lib/store/memory-store.ts'
import type { CopyOutcome, ObjectStore } from '../../lib/store/object-store.ts'
import { LOCATION } from './charts.ts'
import { Client } from './client.ts'
import { guardStore } from './guarded-store.ts'
import { MIXES } from './mixes.ts'
import { Network } from './network.ts'
import { SeededRandom } from './seeded-random.ts'
import { VirtualTime } from './virtual-time.ts'

const KEY = LOCATION.indexKey
const CALM = { ...MIXES.tight, latency: 10, stall: 0, guardedStall: 0, readFaults: 0, writeFaults: 0 }

describe('an upload over the network of the simulation', () => {
  let bucket: MemoryStore
  let time: VirtualTime
  let lines: string[]
  let violations: string[]
  beforeEach(() => {
    time = new VirtualTime(0)
    bucket = new MemoryStore({ now: () => time.now, minPartSize: 1 })
    lines = []
    violations = []
  })

  /** The store as a client reaches it that dies before its request after this many. */
  const connect = (weather: Partial<typeof CALM> = {}, crashAfter?: number): ObjectStore => {
    const guarded = guardStore(bucket, {
      indexKey: KEY,
      deltaFolder: LOCATION.deltaFolder,
      report: (violation) => void violations.push(violation),
      present: [],
      lookAt: () => undefined,
      wroteIndex: async () => undefined,
      composed: () => undefined,
      tookUnfolded: async () => undefined,
      tookOther: () => undefined,
    })
    const network = new Network({
      time,
      random: new SeededRandom(1),
      weather: { ...CALM, ...weather },
      refusesLate: true,
      trace: (line) => void lines.push(line),
    })
    return network.connect(guarded, new Client(time, { name: 'c', skew: 0, crashAfter }), { isReader: false })
  }
  const compose = async (store: ObjectStore): Promise<CopyOutcome | string> => {
    const { uploads } = store
    assert.ok(uploads !== undefined)
    const upload = await uploads.begin(KEY, {})
    if (upload === 'unsupported') return 'not begun'
    const part = await uploads.sendPart(upload, 1, Buffer.from('no index'))
    if (part === 'unsupported') return 'not sent'
    return uploads.complete(upload, [part], { when: 'absent' })
  }
  const run = async <T>(work: Promise<T>): Promise<T | undefined> => {
    let result: T | undefined
    void work.then((value) => (result = value))
    await time.drain(10_000)
    return result
  }

  it('is three requests, the last of which is looked at as a PUT is', async () => {
    const done = await run(compose(connect()))
    assert.ok(typeof done === 'object' && done.outcome === 'written')
    assert.deepEqual(
      lines.filter((line) => line.includes(' > ')).map((line) => line.split(' ')[2]),
      ['begin', 'send-part', 'put'],
    )
    assert.match(violations.join(), /index\.yaml is not valid/)
  })

  for (const [requests, left] of [
    [0, 0],
    [1, 1],
    [2, 1],
  ] as const) {
    it(`leaves no object behind when its client dies after ${String(requests)} requests`, async () => {
      const composing = compose(connect({}, requests))
      assert.equal(await run(composing), undefined)
      const isThere = (await bucket.head(KEY)) !== undefined
      // The request before which it died may have been on its way.
      assert.ok(!isThere || requests === 2)
      const open = (await bucket.uploads?.list(KEY)) ?? []
      assert.ok(open.length === left || open.length === (isThere ? 0 : left + 1))
    })
  }

  it('is unknown or given up where answers are lost', async () => {
    const outcomes = new Set<string>()
    const store = connect({ writeFaults: 20 })
    for (let i = 0; i < 60; i++) {
      const done = await run(compose(store))
      outcomes.add(typeof done === 'object' ? done.outcome : String(done))
      await bucket.delete(KEY)
    }
    assert.deepEqual([...outcomes].sort(), ['not begun', 'not sent', 'unknown', 'written'])
  })
})
