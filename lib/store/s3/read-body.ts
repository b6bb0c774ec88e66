import type { Readable } from 'node:stream'
import { MAX_DOCUMENT } from '../../text/size-limits.ts'
import { tooLarge } from '../too-large.ts'

/**
 * Reads the body of an answer whose size was announced into one buffer of that size, because an index may be large and
 * is to be copied only once. It uses events, because an iterator costs as much as the rest of a small GET.
 * @throws Error when there are fewer or more bytes; and whatever the stream fails with
 */
export function readBody(stream: Readable, size: number): Promise<Uint8Array> {
  const body = Buffer.allocUnsafeSlow(size)
  let length = 0
  return new Promise((resolve, reject) => {
    stream.on('data', (piece: Uint8Array) => {
      if (length + piece.length <= size) body.set(piece, length)
      length += piece.length
    })
    stream.on('error', reject)
    const finish = (): void => {
      if (length === size) resolve(body)
      else reject(new Error(`${String(length)} of ${String(size)} bytes`))
    }
    stream.on('end', finish)
    // The stream closes without its `end` event when the connection was cut.
    stream.on('close', finish)
  })
}

/**
 * The text of a document that a store sends as its answer.
 * @throws HelmS3Error `too-large`; and whatever the stream fails with
 */
export async function readDocument(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of stream) {
    length += piece.length
    if (length > MAX_DOCUMENT) throw tooLarge('the answer of the store', length, MAX_DOCUMENT)
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}
