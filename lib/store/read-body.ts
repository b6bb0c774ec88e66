import type { Readable } from 'node:stream'

/**
 * The bytes of an answer whose size was announced, in one buffer of that size: an index may be large, and is copied once.
 * By events, because an iterator costs as much as the rest of a small GET.
 * @throws Error when they are fewer or more, and what the stream fails with
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
    // Without an end when the connection was cut.
    stream.on('close', finish)
  })
}
