import { createInflateRaw, inflateRawSync } from 'node:zlib'
import { invalidChart } from './invalid-chart.ts'

/** The number of unpacked bytes that are handed on at a time. */
const CHUNK = 64 * 1024
/** Up to so many packed and unpacked bytes are unpacked at once, which takes a few milliseconds at most. */
const SMALL_PACKED = 128 * 1024
const SMALL_UNPACKED = 2 * 1024 * 1024
/** The number of bytes of checksum and length after the data of a member. */
const TRAILER = 8

type Take = (chunk: Buffer) => 'more' | 'enough'

/**
 * Passes the unpacked bytes of a gzip file, of all its members, to `take`, piece by piece and in order, until `take`
 * answers `enough`. Bytes after the last member and the checksums are not looked at: Helm stops reading at the end mark
 * of the tar archive, and so reaches neither of them.
 * @throws HelmS3Error `invalid-chart` when the bytes are not a gzip file, or end too early; and whatever `take` throws
 */
export async function gunzip(bytes: Uint8Array, take: Take): Promise<void> {
  if (bytes.length === 0) throw invalidChart('the file is empty')
  let start = dataStart(bytes, 0)
  if (start === undefined)
    throw invalidChart('it does not appear to be a gzipped archive', 'give the .tgz that `helm package` has made')
  while (start !== undefined) {
    const packed = bytes.subarray(start)
    const small = unpackSmall(packed)
    const length = small === undefined ? await inflate(packed, take) : handOn(small, take)
    if (length === undefined) return
    start = dataStart(bytes, start + length + TRAILER)
  }
}

/** A member that has been unpacked, and the length of its packed data. */
interface Unpacked {
  readonly bytes: Buffer
  readonly packedLength: number
}

/**
 * Unpacks a small member in one call. For a thousand small archives the way through a stream takes several times as
 * long as the unpacking. Undefined: the stream has to read it, because it is not small, or to say what is wrong with
 * it.
 */
function unpackSmall(packed: Uint8Array): Unpacked | undefined {
  if (packed.length > SMALL_PACKED) return undefined
  try {
    const options = { chunkSize: CHUNK, maxOutputLength: SMALL_UNPACKED, info: true }
    const { buffer, engine } = inflateRawSync(packed, options) as unknown as InflateInfo
    return { bytes: buffer, packedLength: engine.bytesWritten }
  } catch {
    return undefined
  }
}

/** What zlib returns with the option `info`. */
interface InflateInfo {
  readonly buffer: Buffer
  readonly engine: { readonly bytesWritten: number }
}

function handOn({ bytes, packedLength }: Unpacked, take: Take): number | undefined {
  for (let start = 0; start < bytes.length; start += CHUNK) {
    if (take(bytes.subarray(start, start + CHUNK)) === 'enough') return undefined
  }
  return packedLength
}

/** Unpacks a member. Returns the length of the packed data; undefined when `take` has enough. */
function inflate(bytes: Uint8Array, take: Take): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const unpacked = createInflateRaw({ chunkSize: CHUNK })
    const stop = (error?: Error): void => {
      unpacked.removeAllListeners('data').destroy()
      if (error === undefined) resolve(undefined)
      else reject(error)
    }
    unpacked.on('data', (chunk: Buffer) => {
      try {
        if (take(chunk) === 'enough') stop()
      } catch (error) {
        stop(error instanceof Error ? error : new Error('reading stopped', { cause: error }))
      }
    })
    unpacked.on('end', () => resolve(unpacked.bytesWritten))
    unpacked.on('error', (cause: NodeJS.ErrnoException) => stop(gzipError(cause)))
    unpacked.end(bytes)
  })
}

function gzipError(cause: NodeJS.ErrnoException): Error {
  if (cause.code === 'Z_BUF_ERROR') return invalidChart('the archive is cut short', undefined, cause)
  return invalidChart(`the archive is damaged: ${cause.message}`, undefined, cause)
}

const HAS_CHECKSUM = 2
const HAS_EXTRA = 4
const HAS_NAME = 8
const HAS_COMMENT = 16

/** The most bytes of a name or a comment, with its NUL: Go's compress/gzip accepts no longer ones. */
const MAX_TEXT = 512

/**
 * The position where the data of the member at `start` begins. Undefined: there is no member (RFC 1952, 2.3).
 * @throws HelmS3Error `invalid-chart` for a header that Go's compress/gzip refuses
 */
function dataStart(bytes: Uint8Array, start: number): number | undefined {
  const [first, second, method, flags = 0] = bytes.subarray(start, start + 4)
  if (first !== 0x1f || second !== 0x8b || method !== 8) return undefined
  const has = (flag: number): boolean => (flags & flag) !== 0
  const afterText = (at: number): number => {
    const end = bytes.indexOf(0, at)
    if (end >= at + MAX_TEXT || (end < 0 && bytes.length >= at + MAX_TEXT))
      throw invalidChart('the header of the archive is damaged: a name in it has no end')
    return end < 0 ? bytes.length : end + 1
  }
  let at = start + 10
  if (has(HAS_EXTRA)) at += 2 + (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0)
  if (has(HAS_NAME)) at = afterText(at)
  if (has(HAS_COMMENT)) at = afterText(at)
  if (!has(HAS_CHECKSUM)) return at
  const checksum = (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0)
  if (at + 2 <= bytes.length && checksum !== (crc32(bytes.subarray(start, at)) & 0xffff)) {
    throw invalidChart(
      'the header of the archive is damaged: it does not match its checksum',
      'make the archive again with `helm package`',
    )
  }
  return at + 2
}

/** The checksum of gzip (RFC 1952, 8), computed bit by bit, because headers are short. */
function crc32(bytes: Uint8Array): number {
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}
