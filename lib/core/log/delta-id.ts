import { decodeTime, encodeTime } from 'ulid'
import { type Key, asKey } from '../keys.ts'

/**
 * A ULID (https://github.com/ulid/spec): 48 bits of time and 80 random bits, in Crockford base32. The order of these
 * texts is the order of the log.
 */
export type DeltaId = string & { readonly __brand: 'DeltaId' }

const FILE_NAME = /^[0-7][0-9A-HJKMNP-TV-Z]{25}\.yaml$/
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const RANDOM_CHARACTERS = 16
const TIME_CHARACTERS = 10

/** The greatest time that a ULID can hold, milliseconds since 1970. */
export const MAX_DELTA_TIME = 2 ** 48 - 1

/** The id in a ULID text. Undefined: the text is not a ULID. */
export function parseDeltaId(text: string): DeltaId | undefined {
  return FILE_NAME.test(`${text}.yaml`) ? (text as DeltaId) : undefined
}

/** An id with this time (milliseconds since 1970) and these 10 random bytes. */
export function makeDeltaId(time: number, random: Uint8Array): DeltaId {
  let bits = 0n
  for (const byte of random.subarray(0, 10)) bits = (bits << 8n) | BigInt(byte)
  let tail = ''
  for (let i = 0; i < RANDOM_CHARACTERS; i++) {
    tail = ALPHABET.charAt(Number(bits & 31n)) + tail
    bits >>= 5n
  }
  return (encodeTime(time, TIME_CHARACTERS) + tail) as DeltaId
}

/** The lowest id of a moment: every id that is minted for this moment or later is equal or greater. */
export function lowestDeltaId(time: number): DeltaId {
  return makeDeltaId(time, new Uint8Array(10))
}

/** The time in the id, milliseconds since 1970, by the clock of the client that minted it. */
export function deltaTime(id: DeltaId): number {
  return decodeTime(id)
}

/** `<prefix>index.d/<ULID>.yaml`. `folder` ends in a slash. */
export function deltaKey(folder: string, id: DeltaId): Key {
  return asKey(`${folder}${id}.yaml`)
}

/** The id in a key below `folder`. Undefined: the key does not name a delta. */
export function deltaIdOf(folder: string, key: Key): DeltaId | undefined {
  if (!key.startsWith(folder)) return undefined
  const name = key.slice(folder.length)
  return FILE_NAME.test(name) ? (name.slice(0, -'.yaml'.length) as DeltaId) : undefined
}
