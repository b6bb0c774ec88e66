/** A place that one client reaches and another one waits for. */
export class Gate {
  isOpen = false
  #resolve = (): void => undefined
  readonly isReached = new Promise<void>((resolve) => {
    this.#resolve = resolve
  })

  open(): void {
    this.isOpen = true
    this.#resolve()
  }

  /** Only who comes first waits. */
  async openAndWaitFor(next: Gate): Promise<void> {
    if (this.isOpen) return
    this.open()
    await next.isReached
  }
}
