import { FAULTS } from './s3-fault.ts'

export interface ChunkedBody {
  readonly bytes: Buffer
  /** The trailers that followed the bytes: lower-case name -> value. */
  readonly trailers: Readonly<Record<string, string>>
}

const CRLF = '\r\n'
const CHUNK_HEAD = /^([0-9a-fA-F]{1,8})(?:;chunk-signature=[0-9a-f]{64})?$/
const MAX_HEAD = 128

/**
 * Takes an `aws-chunked` body apart (Amazon S3 API Reference, "Signature Calculations for the Authorization Header:
 * Transferring Payload in Multiple Chunks"): `SIZE[;chunk-signature=HEX]CRLF BYTES CRLF`, repeated; then a chunk of
 * size 0 without bytes, and the trailers, one per line. Signatures of chunks and trailers are not checked.
 * @throws S3Fault `IncompleteBody`
 */
export function decodeChunks(raw: Buffer): ChunkedBody {
  const chunks: Buffer[] = []
  for (let at = 0; ;) {
    const lineEnd = raw.subarray(at, at + MAX_HEAD).indexOf(CRLF)
    const head = CHUNK_HEAD.exec(lineEnd < 0 ? '' : raw.toString('latin1', at, at + lineEnd))
    if (head === null) throw FAULTS.incompleteBody()
    const start = at + lineEnd + CRLF.length
    const end = start + parseInt(head[1] ?? '', 16)
    if (end === start) return { bytes: Buffer.concat(chunks), trailers: parseTrailers(raw.toString('latin1', start)) }
    if (raw.toString('latin1', end, end + CRLF.length) !== CRLF) throw FAULTS.incompleteBody()
    chunks.push(raw.subarray(start, end))
    at = end + CRLF.length
  }
}

function parseTrailers(text: string): Record<string, string> {
  const lines = [...text.matchAll(/^([^:\r\n]+):([^\r\n]*)/gm)]
  return Object.fromEntries(lines.map(([, name = '', value = '']) => [name.toLowerCase(), value.trim()]))
}
