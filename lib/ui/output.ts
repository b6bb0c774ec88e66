import { progressBars } from './progress-bar.ts'
import { type Style, createPainter } from './style.ts'
import { isHiding, visibleJson, visibleLine } from '../text/terminal-text.ts'
import { NO_PROGRESS, type Track } from '../protocol/session/track.ts'

/** A stream that text or bytes go to. */
export interface Sink {
  /**
   * Resolves when the system has taken the chunk; rejects with the system's error (`EPIPE`: the reader has closed the
   * pipe).
   */
  write(chunk: string | Uint8Array): Promise<void>
  readonly isTerminal: boolean
  /** The stream itself, for what draws on a terminal. */
  readonly terminal?: NodeJS.WriteStream
}

/** A stream that bytes come from. */
export interface Source {
  readonly isTerminal: boolean
  /** All that comes until the end; may be called once. */
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

/** Why `Io.interrupted` is aborted. */
export class Interruption extends Error {
  readonly exitStatus: number

  constructor(signal: string, exitStatus: number) {
    super(`ended by ${signal}`)
    this.exitStatus = exitStatus
  }
}

/** `table`: lines for people; the others print the same value for programs. */
export type OutputForm = 'table' | 'json' | 'yaml'

export interface OutputOptions {
  readonly form: OutputForm
  readonly isVerbose: boolean
  /** No lines for people, neither results nor remarks; errors, and what `json` and `yaml` print, stay. */
  readonly isQuiet: boolean
  /** Colours on a terminal. */
  readonly hasColor: boolean
}

/**
 * What a command says. Results are held back until it has succeeded: when it fails, stdout stays empty. Nothing goes to
 * stderr when all is well.
 */
export interface Output {
  readonly form: OutputForm
  readonly isVerbose: boolean
  /** Colours for results; the text as it is where stdout is no terminal. */
  readonly style: Style
  /** The result: lines for people, or the value when a form for programs is asked for. */
  result(lines: readonly string[], value: object): void
  /** The command did its work and found something wrong: its results are printed, and its exit status is not 0. */
  foundProblems(): void
  readonly hasFoundProblems: boolean
  /** Bytes of a download, at once. */
  bytes(chunk: Uint8Array): Promise<void>
  /** One line on stderr: something that the user should know although the command goes on. */
  readonly notice: (line: string) => void
  /** One line on stderr, for a terminal only. */
  readonly progress: (line: string) => void
  /** A progress bar on stderr, for a terminal only. */
  readonly track: Track
  /** One line on stderr with `--verbose`. */
  readonly detail: (line: string) => void
  /** Prints the held results and waits for all that was written. */
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
  // What hides, or would be a number to Go, stands in double quotes, where YAML knows the same escapes as JSON.
  return visibleJson(document.toString({ lineWidth: 0 }))
}
