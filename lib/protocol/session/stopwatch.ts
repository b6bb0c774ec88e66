import type { Session } from './session.ts'

/**
 * Starts a time limit, milliseconds, and tells whether it still holds. Both clocks of this machine count: the monotonic
 * one may stand still while a laptop sleeps or a virtual machine is paused, the wall clock may step. Where both stand
 * still only the store can tell.
 */
export function startLimit({ clock }: Pick<Session, 'clock'>, limit: number): () => boolean {
  const startedAt = { monotonic: clock.monotonic(), wall: clock.now() }
  return () => clock.monotonic() - startedAt.monotonic <= limit && Math.abs(clock.now() - startedAt.wall) <= limit
}
