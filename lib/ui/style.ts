import { systemRandom } from '../sys/random.ts'
import { visibleLine } from '../text/terminal-text.ts'

/** The colours of results. Each function takes and returns a piece of text. */
export interface Style {
  readonly heading: (text: string) => string
  readonly good: (text: string) => string
  readonly warning: (text: string) => string
  readonly bad: (text: string) => string
  readonly faint: (text: string) => string
}

/** A style, and how lines with its colours reach a terminal. */
export interface Painter {
  readonly style: Style
  /** Returns the line with its colours, and without any other control sequence. */
  readonly toTerminal: (line: string) => string
}

/**
 * With `isOn` false, every text stays as it is. Until they are printed, the colours carry a number of this run, so that
 * a text written by others cannot contain them. (They are control sequences, which count as no width when columns are
 * aligned.)
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
