/** A point that one client reaches while another client waits for it. */
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

  /** Opens this gate and waits for the next one. Only the first call waits. */
  async openAndWaitFor(next: Gate): Promise<void> {
    if (this.isOpen) return
    this.open()
    await next.isReached
  }
}
