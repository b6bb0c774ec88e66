import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { FAULTS } from './s3-fault.ts'

const PREFIX = 'x-amz-checksum-'
/** Headers with the same prefix that are not checksums. */
const OTHERS = ['x-amz-checksum-algorithm', 'x-amz-checksum-type', 'x-amz-checksum-mode']

/** Checksums of S3 by their header (Amazon S3 User Guide, "Checking object integrity"), big-endian. */
const ALGORITHMS: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  'x-amz-checksum-crc32': (bytes) => uint32(crc32(bytes)),
  'x-amz-checksum-crc32c': (bytes) => bytesOf(reflectedCrc(bytes, CRC32C), 4),
  'x-amz-checksum-crc64nvme': (bytes) => bytesOf(reflectedCrc(bytes, CRC64NVME), 8),
  'x-amz-checksum-sha1': (bytes) => createHash('sha1').update(bytes).digest(),
  'x-amz-checksum-sha256': (bytes) => createHash('sha256').update(bytes).digest(),
}

/**
 * Compares the bytes with the checksum in these headers or trailers, and returns it, name -> base64. Empty: there is
 * none.
 * @throws S3Fault `BadDigest`, `InvalidRequest` for several checksums or a malformed one, `NotImplemented` for an
 *   unknown kind
 */
export function verifyChecksum(bytes: Buffer, headers: Readonly<Record<string, unknown>>): Record<string, string> {
  const names = Object.keys(headers).filter((name) => name.startsWith(PREFIX) && !OTHERS.includes(name))
  const [name] = names
  if (name === undefined) return {}
  if (names.length > 1) throw FAULTS.invalidRequest('Expecting a single x-amz-checksum- header.')
  const compute = ALGORITHMS[name]
  if (compute === undefined) throw FAULTS.notImplemented(`The checksum ${name}`)
  const expected = String(headers[name])
  const actual = compute(bytes).toString('base64')
  if (expected === actual) return { [name]: actual }
  if (expected.length !== actual.length) throw FAULTS.invalidRequest(`Value for ${name} header is invalid.`)
  throw FAULTS.badDigest()
}

/**
 * The table of a CRC whose bits run from the lowest to the highest, in halves of 32 bits. The upper half may be unused.
 */
interface CrcTable {
  readonly low: Uint32Array
  readonly high: Uint32Array
  readonly isWide: boolean
}

/** CRC-32C (RFC 3720, appendix B.4) and CRC-64/NVME (NVM Command Set Specification), with reversed polynomials. */
const CRC32C = crcTable(0x82f63b78n, false)
const CRC64NVME = crcTable(0x9a6c9329ac4bc9b5n, true)

function crcTable(polynomial: bigint, isWide: boolean): CrcTable {
  const values = Array.from({ length: 256 }, (_, byte) => {
    let value = BigInt(byte)
    for (let bit = 0; bit < 8; bit++) value = (value & 1n) === 1n ? (value >> 1n) ^ polynomial : value >> 1n
    return value
  })
  const part = (value: bigint): number => Number(value & 0xffff_ffffn)
  const half = (shift: bigint): Uint32Array => Uint32Array.from(values, (value) => part(value >> shift))
  return { low: half(0n), high: half(32n), isWide }
}

function reflectedCrc(bytes: Buffer, table: CrcTable): readonly [high: number, low: number] {
  let low = 0xffff_ffff
  let high = table.isWide ? 0xffff_ffff : 0
  for (const byte of bytes) {
    const index = (low ^ byte) & 0xff
    low = ((low >>> 8) | (high << 24)) ^ (table.low[index] ?? 0)
    high = (high >>> 8) ^ (table.high[index] ?? 0)
  }
  return [~high >>> 0, ~low >>> 0]
}

function bytesOf([high, low]: readonly [number, number], length: 4 | 8): Buffer {
  return Buffer.concat([uint32(high), uint32(low)]).subarray(8 - length)
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
