import type { Session } from '../session/session.ts'

const RANDOM_BYTES = 16

/** A fresh write id: 32 hex characters. */
export function newWriteId({ random }: Pick<Session, 'random'>): string {
  return Buffer.from(random.bytes(RANDOM_BYTES)).toString('hex')
}
