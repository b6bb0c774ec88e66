import { openSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { ReadStream, WriteStream } from 'node:tty'

/** The two directions of a terminal. */
export interface Terminal {
  readonly input: Readable
  readonly output: Writable
}

const [INPUT, OUTPUT] = process.platform === 'win32' ? ['\\\\.\\CONIN$', '\\\\.\\CONOUT$'] : ['/dev/tty', '/dev/tty']

/**
 * Asks a question on the terminal. It never uses stdin or stdout, because stdout may be the chart. Signals and time
 * limits stay in effect meanwhile.
 * @returns the line without its end; undefined when there is no terminal, or it is closed
 */
export async function askOnTerminal(question: string, open = openTerminal): Promise<string | undefined> {
  const terminal = open()
  if (terminal === undefined) return undefined
  // The terminal edits the line and shows what is typed.
  const lines = createInterface({ ...terminal, terminal: false })
  try {
    terminal.output.write(question)
    for await (const line of lines) return line
    return undefined
  } finally {
    lines.close()
    terminal.input.destroy()
    terminal.output.destroy()
  }
}

/** The terminal of this process, wherever its streams lead. Undefined: it has none. */
function openTerminal(): Terminal | undefined {
  let input: ReadStream | undefined
  try {
    input = new ReadStream(openSync(INPUT, 'r+'))
    return { input, output: new WriteStream(openSync(OUTPUT, 'r+')) }
  } catch {
    input?.destroy()
    return undefined
  }
}
