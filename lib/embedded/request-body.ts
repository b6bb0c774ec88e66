import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { crc32 } from 'node:zlib'
import { FAULTS } from './s3-fault.ts'

/** The bytes of an object as they were meant, and the checksums that came with them. */
export interface RequestBody {
  readonly bytes: Buffer
  /** `x-amz-checksum-*` headers and trailers that were checked: name -> base64. */
  readonly checksums: Readonly<Record<string, string>>
}

/** Bytes of one object; more is refused, so that a client cannot fill the memory. */
const MAX_BYTES = 1024 ** 3

/**
 * Reads the body of a PUT, takes the chunks apart when it is `aws-chunked`, and compares it with every checksum that came
 * along: `x-amz-content-sha256`, `x-amz-checksum-sha256`, `-sha1` and `-crc32`, `Content-MD5`.
 * @throws S3Fault `BadDigest`, `IncompleteBody`, `InvalidArgument`
 */
export async function readBody(request: IncomingMessage): Promise<RequestBody> {
  const raw = await readRaw(request)
  const { headers } = request
  const isChunked = String(headers['x-amz-content-sha256']).startsWith('STREAMING-')
  const { bytes, trailers } = isChunked ? decodeChunks(raw) : { bytes: raw, trailers: {} }
  const length = headers['x-amz-decoded-content-length']
  if (length !== undefined && Number(length) !== bytes.length) throw FAULTS.incompleteBody()

  const given = { ...trailers, ...Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-amz-checksum-'))) }
  const actual: Readonly<Record<string, () => string>> = {
    'x-amz-checksum-sha256': () => createHash('sha256').update(bytes).digest('base64'),
    'x-amz-checksum-sha1': () => createHash('sha1').update(bytes).digest('base64'),
    'x-amz-checksum-crc32': () => crc32Base64(bytes),
  }
  const checksums: Record<string, string> = {}
  for (const [name, compute] of Object.entries(actual)) {
    if (given[name] === undefined) continue
    if (given[name] !== compute()) throw FAULTS.badDigest()
    checksums[name] = compute()
  }
  const md5 = headers['content-md5']
  if (md5 !== undefined && md5 !== createHash('md5').update(bytes).digest('base64')) throw FAULTS.badDigest()
  const signed = headers['x-amz-content-sha256']
  if (typeof signed === 'string' && /^[0-9a-f]{64}$/.test(signed) && signed !== createHash('sha256').update(bytes).digest('hex')) {
    throw FAULTS.badDigest()
  }
  return { bytes, checksums }
}

async function readRaw(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length
    if (length > MAX_BYTES) throw FAULTS.invalidArgument('The object is too large for this store.')
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

/** `<hex size>[;chunk-signature=…]CRLF <bytes> CRLF`, repeated; a chunk of size 0, then trailers. */
function decodeChunks(raw: Buffer): { readonly bytes: Buffer; readonly trailers: Readonly<Record<string, string>> } {
  const chunks: Buffer[] = []
  for (let at = 0; ; ) {
    const lineEnd = raw.indexOf('\r\n', at)
    const size = lineEnd < 0 ? Number.NaN : parseInt(raw.toString('latin1', at, lineEnd), 16)
    if (Number.isNaN(size)) throw FAULTS.incompleteBody()
    at = lineEnd + 2
    if (size === 0) return { bytes: Buffer.concat(chunks), trailers: parseTrailers(raw.toString('latin1', at)) }
    if (at + size > raw.length) throw FAULTS.incompleteBody()
    chunks.push(raw.subarray(at, at + size))
    at += size + 2
  }
}

function parseTrailers(text: string): Record<string, string> {
  const lines = text.split('\r\n').filter((line) => line.includes(':'))
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]))
}

function crc32Base64(bytes: Buffer): string {
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32BE(crc32(bytes))
  return checksum.toString('base64')
}
