import { createHash } from 'node:crypto'

/** SHA-256 of the bytes, lower-case hex, as Helm writes digests. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** SHA-256 of the concatenation of these bytes, base64url without padding. */
export function sha256Of(pieces: readonly Uint8Array[]): string {
  const hash = createHash('sha256')
  for (const piece of pieces) hash.update(piece)
  return hash.digest('base64url')
}
