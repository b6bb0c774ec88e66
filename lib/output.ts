/** A stream that text or bytes go to. */
export interface Sink {
  /** Resolves when the system has taken the chunk; rejects with the system's error (`EPIPE`: nobody reads any more). */
  write(chunk: string | Uint8Array): Promise<void>
  readonly isTerminal: boolean
}

/** The streams of this process. */
export interface Io {
  readonly stdout: Sink
  readonly stderr: Sink
  /** Aborted with an {@link Interruption} when the process is asked to end. */
  readonly interrupted?: AbortSignal
}

/** Why `Io.interrupted` is aborted. */
export class Interruption extends Error {
  readonly exitStatus: number

  constructor(signal: string, exitStatus: number) {
    super(`ended by ${signal}`)
    this.exitStatus = exitStatus
  }
}

export type OutputForm = 'text' | 'json'

/**
 * What a command says. Results are held back until it has succeeded: when it fails, stdout stays empty. Nothing goes to
 * stderr when all is well.
 */
export interface Output {
  readonly isVerbose: boolean
  /** The result, as lines or, when asked for, as a JSON object. */
  result(lines: readonly string[], value: object): void
  /** Bytes of a download, at once. */
  bytes(chunk: Uint8Array): Promise<void>
  /** One line on stderr: something that the user should know although the command goes on. */
  readonly notice: (line: string) => void
  /** One line on stderr, for a terminal only. */
  readonly progress: (line: string) => void
  /** One line on stderr with `--verbose`. */
  readonly detail: (line: string) => void
  /** Prints the held results and waits for all that was written. */
  flush(): Promise<void>
}

export function createOutput({ stdout, stderr }: Io, form: OutputForm, isVerbose: boolean): Output {
  const held: string[] = []
  const said: Promise<void>[] = []
  const say = (line: string): void => void said.push(stderr.write(`${line}\n`).catch(() => undefined))
  return {
    isVerbose,
    result: (lines, value) => {
      if (form === 'text') held.push(...lines.map((line) => `${line}\n`))
      else held.push(`${JSON.stringify(value)}\n`)
    },
    bytes: (chunk) => stdout.write(chunk),
    notice: say,
    progress: (line) => {
      if (stderr.isTerminal) say(line)
    },
    detail: (line) => {
      if (isVerbose) say(line)
    },
    flush: async () => {
      if (held.length > 0) await stdout.write(held.splice(0).join(''))
      await Promise.all(said)
    },
  }
}
