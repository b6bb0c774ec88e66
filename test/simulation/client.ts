import type { Clock } from '../../lib/sys/clock.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface ClientOptions {
  readonly name: string
  /** Milliseconds by which its wall clock is ahead. */
  readonly skew: number
  /** Requests until it dies; undefined: it lives. */
  readonly crashAfter: number | undefined
}

/**
 * The machine on which one command runs. It may be suspended: nothing runs on it meanwhile, and its clocks may stop,
 * too. It may die: nothing runs on it any more.
 */
export class Client {
  readonly name: string
  readonly clock: Clock
  isDead = false
  /** Whether it died before its command had ended. */
  hasCrashed = false
  crashAfter: number | undefined
  readonly #time: VirtualTime
  #skew: number
  /** For how long its clocks were stopped. */
  #stood = 0
  #wakesAt = 0

  constructor(time: VirtualTime, { crashAfter, name, skew }: ClientOptions) {
    this.name = name
    this.crashAfter = crashAfter
    this.#time = time
    this.#skew = skew
    this.clock = {
      now: () => this.#time.now + this.#skew - this.#stood,
      monotonic: () => this.#time.now - this.#stood,
      sleep: (ms) => new Promise((resolve) => this.timer(ms, resolve)),
    }
  }

  /** Runs `run` after this delay, and not before the machine is awake: something comes to it from outside. */
  after(delay: number, run: () => void): void {
    this.#time.after(delay, () => {
      if (this.isDead) return
      if (this.#time.now < this.#wakesAt) this.after(this.#wakesAt - this.#time.now, run)
      else run()
    })
  }

  /** A timer of the machine, which does not run while its clocks are stopped. */
  timer(ms: number, run: () => void): void {
    const due = this.clock.monotonic() + ms
    const wait = (): void =>
      this.after(due - this.clock.monotonic(), () => (this.clock.monotonic() < due ? wait() : run()))
    wait()
  }

  /** Suspends the machine from now on. To be called where nothing of the command is running. */
  standStill(ms: number, options: { readonly clocksStand: boolean }): void {
    this.#wakesAt = Math.max(this.#wakesAt, this.#time.now + ms)
    if (options.clocksStand) this.#stood += ms
  }

  /** Sets its wall clock forward or back. */
  stepClock(ms: number): void {
    this.#skew += ms
  }

  crash(): void {
    this.isDead = this.hasCrashed = true
  }
}
