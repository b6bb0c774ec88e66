import { type ChildProcess, spawn } from 'node:child_process'

export interface Ended {
  /** Exit status; null: ended by a signal. */
  readonly status: number | null
  readonly stdout: Buffer
  readonly stderr: string
}

export interface Started {
  readonly result: Promise<Ended>
  /** Sends a signal to it and to what it has started; nothing when it has ended. */
  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void
}

/** The processes of a run. Each has a process group of its own: a signal reaches what it has started, too. */
export class Processes {
  readonly #running = new Set<ChildProcess>()
  #isOver = false

  /** @throws Error when the run is over: nothing is started any more */
  start(
    [program = '', ...args]: readonly string[],
    env: Readonly<Record<string, string | undefined>>,
    cwd: string,
  ): Started {
    if (this.#isOver) throw new Error('the run is over')
    const child = spawn(program, args, { env: { ...env }, cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    this.#running.add(child)
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []]
    child.stdout.on('data', (piece: Buffer) => stdout.push(piece))
    child.stderr.on('data', (piece: Buffer) => stderr.push(piece))
    const result = new Promise<Ended>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (status) => {
        this.#running.delete(child)
        resolve({ status, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() })
      })
    })
    // Whoever waits for it hears of it; nobody may be waiting yet.
    result.catch(() => this.#running.delete(child))
    return { result, signal: (name) => this.#signal(child, name) }
  }

  /** Kills all that run, at once, and lets nothing start any more. */
  endAll(): void {
    this.#isOver = true
    for (const child of this.#running) this.#signal(child, 'SIGKILL')
  }

  #signal(child: ChildProcess, name: NodeJS.Signals): void {
    if (child.pid === undefined || !this.#running.has(child)) return
    try {
      process.kill(-child.pid, name)
    } catch {
      // It has ended meanwhile.
    }
  }
}
