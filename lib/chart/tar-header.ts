import { invalidChart } from './invalid-chart.ts'

export const BLOCK = 512

/** The content of one header block. Types are those of the format: `0` a file, `5` a folder, `x` a PAX header … */
export interface TarHeader {
  readonly name: string
  readonly type: string
  /** Bytes, as the header states it. A link or a folder has no content, whatever stands here. */
  readonly size: number
  readonly mode: number
}

/**
 * The header in a block of 512 bytes, as Go's archive/tar reads it; undefined for a block of zeros.
 * @throws HelmS3Error `invalid-chart` for anything else
 */
export function readHeader(block: Buffer): TarHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined
  if (!hasChecksum(block)) throw damaged('a header does not match its checksum')
  const numbers = hasMagic(block) ? [...NUMBERS, ...DEVICE_NUMBERS] : NUMBERS
  for (const [start, length] of numbers) number(block, start, length)
  const [mode, size] = [number(block, 100, 8), number(block, 124, 12)]
  if (size < 0) throw damaged('a file has a negative size')
  const name = text(block, 0, 100)
  const prefix = isUstar(block) ? text(block, 345, isStar(block) ? 131 : 155) : ''
  return { name: prefix === '' ? name : `${prefix}/${name}`, type: String.fromCharCode(block[156] ?? 0), size, mode }
}

/** Whether the type belongs to a header without content: links, devices, folders, pipes. */
export function isHeaderOnly(type: string): boolean {
  return type >= '1' && type <= '6'
}

/** The type of a folder. */
export const FOLDER = '5'
const DIRECTORY_MODE = 0o040000

/** Whether Go takes the entry for a folder, because of its type or its mode. */
export function isFolder({ type, mode }: TarHeader): boolean {
  return type === FOLDER || (mode & ~0o7777) === DIRECTORY_MODE
}

export function damaged(problem: string): Error {
  return invalidChart(`the archive is damaged: ${problem}`)
}

/** The positions of the fields that hold numbers: mode, owner, group, size, time. */
const NUMBERS = [
  [100, 8],
  [108, 8],
  [116, 8],
  [124, 12],
  [136, 12],
] as const

/** The fields of device numbers, which archives from before the magic text do not have. */
const DEVICE_NUMBERS = [
  [329, 8],
  [337, 8],
] as const

/** A number: octal digits between spaces and NULs, or, when the top bit is set, big-endian bytes. */
function number(block: Buffer, start: number, length: number): number {
  const field = block.subarray(start, start + length)
  if (((field[0] ?? 0) & 0x80) !== 0) return binaryNumber(field)
  const digits = field.toString('latin1').replace(/^[ \0]+|[ \0]+$/g, '')
  const end = digits.indexOf('\0')
  const octal = end < 0 ? digits : digits.slice(0, end)
  if (!/^[0-7]*$/.test(octal)) throw damaged('a header holds an invalid number')
  return octal === '' ? 0 : Number.parseInt(octal, 8)
}

function binaryNumber(field: Buffer): number {
  const bits = BigInt(`0x${field.toString('hex')}`)
  const width = BigInt(field.length * 8 - 1)
  const isNegative = ((field[0] ?? 0) & 0x40) !== 0
  const value = BigInt.asUintN(Number(width), bits) - (isNegative ? 1n << width : 0n)
  if (BigInt.asIntN(64, value) !== value) throw damaged('a header holds a number beyond 64 bits')
  return Number(value)
}

/**
 * Whether the checksum is right: the sum of the bytes, with spaces in the place of the sum itself. Some old programs
 * added the bytes as signed numbers.
 */
function hasChecksum(block: Buffer): boolean {
  let [unsigned, signed] = [0, 0]
  for (let at = 0; at < BLOCK; at++) {
    const byte = at >= 148 && at < 156 ? 0x20 : (block[at] ?? 0)
    unsigned += byte
    signed += byte < 0x80 ? byte : byte - 0x100
  }
  const sum = number(block, 148, 8)
  return sum === unsigned || sum === signed
}

function hasMagic(block: Buffer): boolean {
  return isUstar(block) || block.toString('latin1', 257, 265) === 'ustar  \0'
}

/** Whether the header is in the ustar format. GNU archives use the bytes of the prefix for other things. */
function isUstar(block: Buffer): boolean {
  return block.toString('latin1', 257, 263) === 'ustar\0'
}

function isStar(block: Buffer): boolean {
  return block.toString('latin1', 508, 512) === 'tar\0'
}

function text(block: Buffer, start: number, length: number): string {
  return untilNul(block.subarray(start, start + length))
}

/** The text before the first NUL. */
export function untilNul(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end)
}
