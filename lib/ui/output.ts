import { progressBars } from './progress-bar.ts'
import { type Style, createPainter } from './style.ts'
import { isHiding, visibleJson, visibleLine } from '../text/terminal-text.ts'
import { NO_PROGRESS, type Track } from '../protocol/session/track.ts'

/** A stream for text or bytes. */
export interface Sink {
  /**
   * Resolves when the system has accepted the chunk. Rejects with the system's error (`EPIPE`: the reader has closed
   * the pipe).
   */
  write(chunk: string | Uint8Array): Promise<void>
  readonly isTerminal: boolean
  /** The stream itself, for code that draws on a terminal. */
  readonly terminal?: NodeJS.WriteStream
}

/** A stream that delivers bytes. */
export interface Source {
  readonly isTerminal: boolean
  /** All bytes until the end of the stream. May be called once. */
  chunks(): AsyncIterable<Uint8Array>
}

/** The streams of this process. */
export interface Io {
  readonly stdin: Source
  readonly stdout: Sink
  readonly stderr: Sink
  /** Aborted with an {@link Interruption} when the process is asked to end. */
  readonly interrupted?: AbortSignal
}

/** The reason with which `Io.interrupted` is aborted. */
export class Interruption extends Error {
  readonly exitStatus: number

  constructor(signal: string, exitStatus: number) {
    super(`ended by ${signal}`)
    this.exitStatus = exitStatus
  }
}

/** The form of results. `table`: lines for people. The other forms print the same value for programs. */
export type OutputForm = 'table' | 'json' | 'yaml'

export interface OutputOptions {
  readonly form: OutputForm
  readonly isVerbose: boolean
  /**
   * Whether lines for people are suppressed, both results and remarks. Errors, and what `json` and `yaml` print, stay.
   */
  readonly isQuiet: boolean
  /** Whether a terminal gets colours. */
  readonly hasColor: boolean
}

/**
 * The output of a command. Results are held back until the command has succeeded: when it fails, stdout stays empty.
 * Nothing is written to stderr when all is well.
 */
export interface Output {
  readonly form: OutputForm
  readonly isVerbose: boolean
  /** The colours for results. Where stdout is not a terminal, texts stay as they are. */
  readonly style: Style
  /** Sets the result: lines for people, or the value when a form for programs is asked for. */
  result(lines: readonly string[], value: object): void
  /**
   * Says that the command did its work and found something wrong: its results are printed, and its exit status is not
   * 0.
   */
  foundProblems(): void
  readonly hasFoundProblems: boolean
  /** Writes bytes of a download at once. */
  bytes(chunk: Uint8Array): Promise<void>
  /** Writes one line to stderr: something that the user should know although the command continues. */
  readonly notice: (line: string) => void
  /** Writes one line to stderr, but only on a terminal. */
  readonly progress: (line: string) => void
  /** Shows a progress bar on stderr, but only on a terminal. */
  readonly track: Track
  /** Writes one line to stderr, but only with `--verbose`. */
  readonly detail: (line: string) => void
  /** Prints the held results, and waits until everything is written. */
  flush(): Promise<void>
}

export function createOutput(
  { stdout, stderr }: Pick<Io, 'stdout' | 'stderr'>,
  { form, hasColor, isQuiet, isVerbose }: OutputOptions,
): Output {
  const held: string[] = []
  const values: object[] = []
  const said: Promise<void>[] = []
  let hasFoundProblems = false
  const say = (line: string): void => void said.push(stderr.write(`${visibleLine(line)}\n`).catch(() => undefined))
  const { style, toTerminal } = createPainter(hasColor && stdout.isTerminal && form === 'table')
  const forTerminal = stderr.isTerminal && !isQuiet
  return {
    form,
    isVerbose,
    style,
    result: (lines, value) => {
      if (form !== 'table') values.push(value)
      else if (!isQuiet) held.push(...lines.map((line) => `${toTerminal(line)}\n`))
    },
    foundProblems: () => {
      hasFoundProblems = true
    },
    get hasFoundProblems() {
      return hasFoundProblems
    },
    bytes: (chunk) => stdout.write(chunk),
    notice: (line) => {
      if (!isQuiet) say(line)
    },
    progress: (line) => {
      if (forTerminal) say(line)
    },
    track: forTerminal && stderr.terminal !== undefined ? progressBars(stderr.terminal, hasColor) : NO_PROGRESS,
    detail: (line) => {
      if (isVerbose) say(line)
    },
    flush: async () => {
      for (const value of values.splice(0)) held.push(await encodeValue(value, form))
      if (held.length > 0) await stdout.write(held.splice(0).join(''))
      await Promise.all(said)
    },
  }
}

async function encodeValue(value: object, form: OutputForm): Promise<string> {
  if (form === 'json') return visibleJson(`${JSON.stringify(value)}\n`)
  const { Document, isScalar, visit } = await import('yaml')
  const { looksTyped } = await import('../yaml/scalar.ts')
  const document = new Document(value, { aliasDuplicateObjects: false, version: '1.1' })
  visit(document, {
    Scalar: (_, node) => {
      if (!isScalar<string>(node) || typeof node.value !== 'string') return
      if (isHiding(node.value) || looksTyped(node.value)) node.type = 'QUOTE_DOUBLE'
    },
  })
  // A string with hiding characters, or one that Go would take for a number, gets double quotes. Between these, YAML
  // knows the same escapes as JSON.
  return visibleJson(document.toString({ lineWidth: 0 }))
}
