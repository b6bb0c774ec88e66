/**
 * The bytes of an answer whose size was announced, in one buffer of that size: an index may be large, and is copied once.
 * @throws Error when they are fewer or more, and what the pieces throw
 */
export async function readBody(pieces: AsyncIterable<Uint8Array>, size: number): Promise<Uint8Array> {
  const body = Buffer.allocUnsafeSlow(size)
  let length = 0
  for await (const piece of pieces) {
    if (length + piece.length <= size) body.set(piece, length)
    length += piece.length
  }
  if (length !== size) throw new Error(`${String(length)} of ${String(size)} bytes`)
  return body
}
