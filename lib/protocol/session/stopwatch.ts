import type { Session } from './session.ts'

/**
 * Starts a time limit of `limit` milliseconds and returns a function that tells whether it still holds. The limit is
 * over when either clock of this machine says so: the monotonic clock may stand still while a laptop sleeps or a
 * virtual machine is paused, and the wall clock may step. When both stand still, only the store can tell.
 */
export function startLimit({ clock }: Pick<Session, 'clock'>, limit: number): () => boolean {
  const startedAt = { monotonic: clock.monotonic(), wall: clock.now() }
  return () => clock.monotonic() - startedAt.monotonic <= limit && Math.abs(clock.now() - startedAt.wall) <= limit
}
