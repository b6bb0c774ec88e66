import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import type { Clock } from './clock.ts'
import { systemCode } from './system-error.ts'

/** The terminal of this process, whatever its streams are joined to; reads and writes stand apart on Windows. */
export interface TerminalPaths {
  readonly input: string
  readonly output: string
}

const TERMINAL: TerminalPaths =
  process.platform === 'win32' ? { input: '\\\\.\\CONIN$', output: '\\\\.\\CONOUT$' } : { input: '/dev/tty', output: '/dev/tty' }

/** How often an answer is looked for, milliseconds. */
const LOOK = 50
const LONGEST = 4096

/**
 * Asks on the terminal, and never on stdin or stdout: stdout may be the chart. It looks for the answer again and again
 * instead of waiting in a read, so that signals and time limits are kept meanwhile.
 * @returns the line without its end; undefined when there is no terminal
 */
export async function askOnTerminal(question: string, clock: Clock, paths = TERMINAL): Promise<string | undefined> {
  let output: number
  let input: number
  try {
    output = openSync(paths.output, constants.O_WRONLY | constants.O_APPEND)
  } catch {
    return undefined
  }
  try {
    // O_NONBLOCK counts for this opening of the terminal alone; Windows has none, and there the read waits.
    input = openSync(paths.input, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch {
    closeSync(output)
    return undefined
  }
  try {
    writeSync(output, question)
    return await readLine(input, clock)
  } finally {
    closeSync(input)
    closeSync(output)
  }
}

async function readLine(input: number, clock: Clock): Promise<string | undefined> {
  const piece = Buffer.alloc(256)
  let line = ''
  while (line.length < LONGEST) {
    try {
      const length = readSync(input, piece)
      if (length === 0) return line === '' ? undefined : line
      line += piece.toString('utf8', 0, length)
    } catch (error) {
      if (systemCode(error) !== 'EAGAIN') throw error
      await clock.sleep(LOOK)
    }
    const end = /\r?\n/.exec(line)
    if (end !== null) return line.slice(0, end.index)
  }
  return line
}
