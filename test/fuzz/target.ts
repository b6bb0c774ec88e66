import { type ErrorCode, HelmS3Error } from '../../lib/errors.ts'

/** One kind of input from outside. */
export interface FuzzTarget {
  /** Inputs that are right, from which others are made. */
  readonly corpus: () => readonly Uint8Array[] | Promise<readonly Uint8Array[]>
  /** Reads an input; throws when that ends otherwise than it may. */
  readonly take: (bytes: Buffer) => unknown
  /** How many of the inputs of a run are tried with this one, where each takes long; left out: all. */
  readonly share?: number
}

/** Passes over the errors that this program has for such input. */
export async function orRefused(codes: readonly ErrorCode[], read: () => unknown): Promise<void> {
  try {
    await read()
  } catch (error) {
    if (!(error instanceof HelmS3Error) || !codes.includes(error.code)) throw error
  }
}

/** The texts as inputs. */
export function texts(...all: readonly string[]): readonly Uint8Array[] {
  return all.map((text) => Buffer.from(text))
}
