import { systemRandom } from '../sys/random.ts'
import { visibleLine } from '../text/terminal-text.ts'

/** Colours of results. Each function takes and gives one piece of text. */
export interface Style {
  readonly heading: (text: string) => string
  readonly good: (text: string) => string
  readonly warning: (text: string) => string
  readonly bad: (text: string) => string
  readonly faint: (text: string) => string
}

/** A style, and how its lines reach a terminal. */
export interface Painter {
  readonly style: Style
  /** The line with its colours, and with no other control sequence. */
  readonly toTerminal: (line: string) => string
}

/**
 * `isOn` false: every text stays as it is. The colours carry a number of this run until they are printed (a sequence of
 * the same kind, without width for whoever aligns columns), so that a text of others cannot have any.
 */
export function createPainter(isOn: boolean): Painter {
  const number = [...systemRandom.bytes(6)].map((byte) => String(1000 + byte)).join(';')
  const paint = (on: number, off: number) => (text: string) =>
    isOn ? `\x1b[${number};${String(on)}m${text}\x1b[${number};${String(off)}m` : text
  const ours = new RegExp(`\x1b\\[${number};(\\d+)m`)
  const toTerminal = (line: string): string =>
    line
      .split(ours)
      .map((part, i) => (i % 2 === 1 ? `\x1b[${part}m` : visibleLine(part)))
      .join('')
  const style = {
    heading: paint(1, 22),
    good: paint(32, 39),
    warning: paint(33, 39),
    bad: paint(31, 39),
    faint: paint(2, 22),
  }
  return { style, toTerminal }
}
