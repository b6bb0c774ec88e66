/** The only source of time. Tests and the simulation pass a virtual one. */
export interface Clock {
  /**
   * The wall clock of this machine, milliseconds since 1970. It may be wrong by hours; `StoreClock` is the clock that
   * counts.
   */
  now(): number
  /** Milliseconds since an arbitrary moment. It never steps back. Used for time limits. */
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
