import type { Fault, ProbeReport } from '../../core/check/probe-report.ts'
import { hasCode } from '../../errors.ts'
import { formatBytes } from '../../text/format.ts'
import type { ProbeObjects } from '../write/probe-objects.ts'

const WRITERS = 4
const ROUNDS = 3

/**
 * Puts large bodies at once under one key, without a condition: what stands must be one of them. Each is as large as
 * the least part of an upload, 5 MiB: a server takes so many bytes in several pieces.
 *
 * Cost: {@link WRITERS} PUTs and a GET of 5 MiB in each of {@link ROUNDS} rounds: 60 MiB are sent, 15 MiB read.
 */
export async function probeBodies(objects: ProbeObjects): Promise<Fault> {
  const bodyOf = (number: number): Buffer => Buffer.alloc(objects.leastPart, 'a'.charCodeAt(0) + number)
  for (let round = 0; round < ROUNDS; round++) {
    const bodies = Array.from({ length: WRITERS }, (_, writer) => bodyOf(round * WRITERS + writer))
    const puts = await Promise.allSettled(bodies.map((body) => objects.put('body', body, { when: 'always' })))
    const failed = puts.find((put) => put.status === 'rejected' && !hasCode(put.reason, 'store-failed'))
    if (failed?.status === 'rejected') throw failed.reason
    // Where no writer was told that its body stands, what stood before may stand still.
    const isWritten = puts.some((put) => put.status === 'fulfilled' && put.value.outcome === 'written')
    const fault = isWritten ? await wrongWith(objects, bodies) : undefined
    if (fault !== undefined) return fault
  }
  return undefined
}

async function wrongWith(objects: ProbeObjects, bodies: readonly Buffer[]): Promise<Fault> {
  const what = `${String(bodies.length)} writers at once, each of ${formatBytes(objects.leastPart)}`
  try {
    const object = await objects.get('body')
    if (object === undefined) return `${what}, and nothing stands`
    return bodies.some((body) => body.equals(object.body)) ? undefined : `what ${what} have put is none of their bodies`
  } catch (error) {
    // The bytes are not those of the checksum, or fewer than the store has announced.
    if (hasCode(error, 'store-failed')) return `what ${what} have put cannot be read`
    throw error
  }
}

/** The part of an object that is asked for in {@link probeReads}. */
const RANGE = { start: 10, end: 30 }
const TEXT = Array.from({ length: 100 }, (_, i) => String(i % 10)).join('')

/**
 * What the store sends where a reader wants nothing of an object that it has, or a part of it. Whatever comes is
 * compared by the reader, so this is about the bytes that are moved, not about what is right.
 *
 * Cost: a PUT, a HEAD and 3 GETs, of a few bytes; one more where something else comes.
 */
export async function probeReads(objects: ProbeObjects): Promise<ProbeReport['reads']> {
  await objects.put('read', TEXT, { when: 'always' })
  const etag = (await objects.head('read'))?.etag
  if (etag === undefined) return { unchanged: true, range: true, end: true }
  const { end, start } = RANGE
  const range = await objects.range('read', RANGE, etag)
  const tail = await objects.end('read', end)
  return {
    unchanged: !(await objects.isSentAgain('read', etag)),
    range: typeof range !== 'string' && Buffer.from(range).toString() === TEXT.slice(start, end),
    end: Buffer.from(tail ?? '').toString() === TEXT.slice(-end),
  }
}
