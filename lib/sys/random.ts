import { randomBytes } from 'node:crypto'

/** The only source of randomness. Tests and the simulation hand in a seeded one. */
export interface Random {
  /** `count` bytes, unpredictable to anyone else. */
  bytes(count: number): Uint8Array
  /** A number in [0, 1), for jitter. */
  fraction(): number
}

export const systemRandom: Random = {
  bytes: (count) => randomBytes(count),
  fraction: () => randomBytes(4).readUInt32BE(0) / 2 ** 32,
}
