/** The only source of time. Tests and the simulation hand in a virtual one. */
export interface Clock {
  /**
   * Wall clock of this machine, milliseconds since 1970. May be wrong by hours: see `StoreClock` for the clock that
   * counts.
   */
  now(): number
  /** Milliseconds since an arbitrary moment; never steps back. For time limits. */
  monotonic(): number
  /** Resolves after `ms` milliseconds; rejects with the signal's reason if it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      const onAbort = (): void => {
        clearTimeout(timer)
        reject(signal?.reason as Error)
      }
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }, ms)
      signal?.addEventListener('abort', onAbort, { once: true })
    }),
}
