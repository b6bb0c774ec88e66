interface Event {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

/**
 * Virtual time, in milliseconds. Events run one after another, in the order of their times; between two of them all
 * promises that can go on do so. The same events in the same order give the same run.
 */
export class VirtualTime {
  now: number
  #order = 0
  readonly #queue: Event[] = []

  constructor(start: number) {
    this.now = start
  }

  /** Runs `run` after `delay` milliseconds. */
  after(delay: number, run: () => void): void {
    const event = { at: this.now + Math.max(0, delay), order: this.#order++, run }
    let low = 0
    for (let high = this.#queue.length; low < high;) {
      const middle = (low + high) >> 1
      const other = this.#queue[middle]
      if (other !== undefined && (other.at < event.at || (other.at === event.at && other.order < event.order)))
        low = middle + 1
      else high = middle
    }
    this.#queue.splice(low, 0, event)
  }

  /** Runs until nothing is left to happen. @throws when that takes more than `maxEvents` */
  async drain(maxEvents: number): Promise<void> {
    for (let count = 0; ; count++) {
      const event = this.#queue.shift()
      if (event === undefined) return
      if (count > maxEvents) throw new Error(`the simulation does not end (${String(maxEvents)} events)`)
      this.now = Math.max(this.now, event.at)
      event.run()
      await promisesSettle()
    }
  }
}

/**
 * Called in a microtask: what `nextTick` is given then runs when no other microtask is left. (No turn of the event
 * loop: these cost more.)
 */
function promisesSettle(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve))
}
