import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type Segment, layOut } from '../../../lib/core/index/lay-out.ts'
import { readIndexText } from '../../../lib/core/index/index-text.ts'
import { PART_LIMITS, type Part, type PartLimits, planParts } from '../../../lib/core/index/plan-parts.ts'
import { sha256Of } from '../../../lib/sys/sha256.ts'
import { SMALL_PAGES, indexWith, pagedText, versionsOf } from '../../support/paged-index.ts'
import { budget } from '../../support/budget.ts'

const LIMITS: PartLimits = { least: 100, most: 1000, composeFrom: 300 }

/** Old texts have this byte everywhere but for their place; new ones are of zeros. */
const OLD = Buffer.from(Array.from({ length: 20_000 }, (_, i) => 1 + (i % 251)))

/** A piece of the old text that was read, or was not; or a new piece. */
const kept = (start: number, end: number, isRead = false): Segment => ({
  size: end - start,
  old: { start, end },
  bytes: isRead ? [OLD.subarray(start, end)] : undefined,
})
const fresh = (size: number): Segment => ({ size, old: undefined, bytes: [Buffer.alloc(size)] })

const bytesOf = ({ bytes, old }: Segment): Buffer =>
  bytes === undefined ? OLD.subarray(old?.start, old?.end) : Buffer.concat(bytes)
const textOf = (segments: readonly Segment[]): Buffer => Buffer.concat(segments.map(bytesOf))
const partText = (part: Part): Buffer =>
  'copy' in part ? OLD.subarray(part.copy.start, part.copy.end) : textOf(part.send)

function assertRight(segments: readonly Segment[], parts: readonly Part[], limits = LIMITS): void {
  assert.ok(Buffer.concat(parts.map(partText)).equals(textOf(segments)), 'the parts are the text')
  for (const part of parts.slice(0, -1)) assert.ok(partText(part).length >= limits.least)
  for (const part of parts) {
    const { length } = partText(part)
    assert.ok(length > 0 && ('send' in part || length <= limits.most))
  }
  const sent = parts.reduce((sum, part) => sum + ('send' in part ? partText(part).length : 0), 0)
  assert.ok(sent <= textOf(segments).length / 2, 'at most half of it is sent')
}

/** The parts as `copy 0-300` and `send 12`. */
function tell(segments: readonly Segment[], limits = LIMITS): readonly string[] | undefined {
  const parts = planParts(segments, limits)
  if (parts !== undefined) assertRight(segments, parts, limits)
  return parts?.map((part) =>
    'copy' in part
      ? `copy ${String(part.copy.start)}-${String(part.copy.end)}`
      : `send ${String(partText(part).length)}`,
  )
}

describe('the parts of a composed text', () => {
  it('are copies of the unchanged ranges, and the new bytes as the last part', () => {
    assert.deepEqual(tell([kept(0, 400), kept(400, 900), fresh(50)]), ['copy 0-900', 'send 50'])
  })

  it('include the unchanged pages after a change until the sent part is long enough', () => {
    const segments = [kept(0, 400), fresh(30), kept(450, 500), kept(500, 540), kept(540, 900), fresh(5)]
    assert.deepEqual(tell(segments), ['copy 0-400', 'send 120', 'copy 540-900', 'send 5'])
  })

  it('include a short unchanged range between two changes in the sent part', () => {
    const segments = [kept(0, 400), fresh(30), kept(450, 500), fresh(10), kept(510, 600), kept(600, 900), fresh(5)]
    assert.deepEqual(tell(segments), ['copy 0-400', 'send 180', 'copy 600-900', 'send 5'])
  })

  it('send the beginning of the text when it is too short for a copied part', () => {
    const segments = [kept(0, 40), fresh(30), kept(50, 150), kept(150, 900), fresh(5)]
    assert.deepEqual(tell(segments), ['send 170', 'copy 150-900', 'send 5'])
  })

  it('include the unchanged pages before a change when too few are behind it for a copied part', () => {
    const before = [kept(0, 400), kept(400, 500)]
    const behind = [kept(550, 680), fresh(5)]
    assert.deepEqual(tell([...before, fresh(30), ...behind]), ['copy 0-400', 'send 130', 'copy 550-680', 'send 5'])
    assert.deepEqual(tell([...before, fresh(170), ...behind]), ['copy 0-500', 'send 170', 'copy 550-680', 'send 5'])
    const short = [kept(0, 90), kept(90, 180), fresh(5), kept(200, 300), fresh(5)]
    assert.equal(tell(short), undefined)
  })

  it('send the end of the text when it is too short for a copied part', () => {
    const segments = [kept(0, 700), fresh(120), kept(750, 800), fresh(5)]
    assert.deepEqual(tell(segments), ['copy 0-700', 'send 175'])
  })

  it('are two copies when a range between them is removed', () => {
    assert.deepEqual(tell([kept(0, 400), kept(500, 900), fresh(5)]), ['copy 0-400', 'copy 500-900', 'send 5'])
  })

  it('divide a range that is longer than the longest part into equal parts', () => {
    const segments = [kept(0, 1500), kept(1500, 2501), fresh(5)]
    assert.deepEqual(tell(segments), ['copy 0-833', 'copy 833-1667', 'copy 1667-2501', 'send 5'])
  })

  it('are not planned for a short text, or when more than half of the text would be sent', () => {
    assert.equal(tell([kept(0, 290), fresh(9)]), undefined)
    assert.deepEqual(tell([kept(0, 291), fresh(9)]), ['copy 0-291', 'send 9'])
    assert.equal(tell([kept(0, 400), fresh(401)]), undefined)
    assert.deepEqual(tell([kept(0, 400), fresh(400)]), ['copy 0-400', 'send 400'])
    assert.equal(tell([fresh(1000)]), undefined)
    assert.equal(tell([]), undefined)
  })

  it('are not planned when there would be more than 10,000 parts', () => {
    const holes = (count: number): readonly Segment[] => [
      ...Array.from({ length: count }, (_, i) => kept(2 * i, 2 * i + 1)),
      fresh(1),
    ]
    const limits = { least: 1, most: 1000, composeFrom: 1 }
    assert.equal(planParts(holes(9_999), limits)?.length, 10_000)
    assert.equal(planParts(holes(10_000), limits), undefined)
  })

  it('obey the limits of S3', () => {
    assert.equal(PART_LIMITS.least, 5 * 1024 ** 2)
    assert.equal(PART_LIMITS.most, 5 * 1024 ** 3)
    assert.ok(PART_LIMITS.composeFrom >= 2 * PART_LIMITS.least)
  })

  it('make up the whole text, and all but the last are long enough, for random changes', () => {
    const piece = fc.record({
      gap: fc.constantFrom(0, 0, 0, 7),
      size: fc.integer({ min: 1, max: 260 }),
      kind: fc.constantFrom('kept', 'kept', 'kept', 'read', 'fresh'),
    })
    let composed = 0
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        let at = 0
        const segments = pieces.map(({ gap, kind, size }) => {
          if (kind === 'fresh') return fresh(size)
          const start = at + gap
          at = start + size
          return kept(start, at, kind === 'read')
        })
        const parts = planParts(segments, LIMITS)
        if (parts === undefined) return
        composed++
        assertRight(segments, parts)
      }),
      { numRuns: budget(500) },
    )
    assert.ok(composed > budget(100), `${String(composed)} texts were composed`)
  })

  it('include little more new bytes than the changed page and the end of the index', () => {
    const names = Array.from({ length: 200 }, (_, i) => `chart-${String(i).padStart(3, '0')}`)
    const text = pagedText(indexWith('json', new Map(names.map((name) => [name, versionsOf(name, 2)]))))
    const changed = readIndexText(text).withCharts(new Map([['chart-100', versionsOf('chart-100', 3)]]))
    const segments = layOut(changed, SMALL_PAGES, sha256Of)
    assert.ok(segments !== 'whole')
    const parts = planParts(segments, { least: 1000, most: 1e9, composeFrom: 2000 }) ?? []
    assert.deepEqual(
      parts.map((part) => Object.keys(part)[0]),
      ['copy', 'send', 'copy', 'send'],
    )
    const composed = parts.map((part) =>
      'copy' in part
        ? text.subarray(part.copy.start, part.copy.end)
        : Buffer.concat(part.send.flatMap(({ bytes }) => bytes ?? [])),
    )
    assert.ok((composed[1]?.length ?? Infinity) < 1000 + SMALL_PAGES.most)
    assert.equal(Buffer.concat(composed).toString(), pagedText(changed).toString())
  })
})
