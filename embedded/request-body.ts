import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { verifyChecksum } from './checksums.ts'
import { type ChunkedBody, decodeChunks } from './chunked-body.ts'
import { FAULTS } from './s3-fault.ts'

/** The bytes of an object without their transfer encoding, and the checksum that came with them. */
export interface RequestBody {
  readonly bytes: Buffer
  /** The `x-amz-checksum-*` header or trailer, which was verified: name -> base64. */
  readonly checksums: Readonly<Record<string, string>>
}

/** The most bytes of one object. A larger one is refused, so that a client cannot fill the memory. */
const MAX_BYTES = 1024 ** 3

/**
 * Reads the body of a request, takes the chunks apart when it is `aws-chunked`, and compares it with what the request
 * says about its bytes: their number, `x-amz-content-sha256`, `x-amz-checksum-*`, `Content-MD5`.
 * @throws S3Fault `MissingContentLength`, `EntityTooLarge`, `IncompleteBody`, `MalformedTrailerError`, `InvalidDigest`,
 *   `BadDigest`, `XAmzContentSHA256Mismatch`, and those of `verifyChecksum`
 */
export async function readRequestBody(request: IncomingMessage): Promise<RequestBody> {
  const { headers } = request
  const signed = String(headers['x-amz-content-sha256'])
  const isChunked = signed.startsWith('STREAMING-')
  const announced = headers[isChunked ? 'x-amz-decoded-content-length' : 'content-length']
  if (announced === undefined || Array.isArray(announced)) throw FAULTS.missingContentLength()
  if (Number(announced) > MAX_BYTES) throw FAULTS.entityTooLarge()
  const raw = await readRaw(request)
  const { bytes, trailers } = isChunked ? decodeAnnounced(raw, headers) : { bytes: raw, trailers: {} }
  if (Number(announced) !== bytes.length) throw FAULTS.incompleteBody()
  verifySha256(bytes, signed)
  verifyMd5(bytes, headers['content-md5'])
  return { bytes, checksums: verifyChecksum(bytes, { ...headers, ...trailers }) }
}

async function readRaw(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  let length = 0
  // The request is not destroyed when reading is given up, because the answer uses the same socket.
  for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += piece.length
    if (length > MAX_BYTES) throw FAULTS.entityTooLarge()
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

function decodeAnnounced(raw: Buffer, headers: IncomingHttpHeaders): ChunkedBody {
  const body = decodeChunks(raw)
  const announced = headers['x-amz-trailer']
  const isThere = typeof announced !== 'string' || announced.toLowerCase() in body.trailers
  if (!isThere) throw FAULTS.malformedTrailer()
  return body
}

/** Compares the SHA-256. The header may also say that the payload is unsigned, or signed in chunks. */
function verifySha256(bytes: Buffer, expected: string): void {
  if (!/^[0-9a-f]{64}$/.test(expected)) return
  if (expected !== createHash('sha256').update(bytes).digest('hex')) throw FAULTS.contentSha256Mismatch()
}

function verifyMd5(bytes: Buffer, expected: string | string[] | undefined): void {
  if (expected === undefined) return
  const actual = createHash('md5').update(bytes).digest('base64')
  if (expected.length !== actual.length) throw FAULTS.invalidDigest()
  if (expected !== actual) throw FAULTS.badDigest()
}
