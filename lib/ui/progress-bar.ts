import { NO_PROGRESS, type Progress, type Track } from '../protocol/session/track.ts'

const CELLS = 24

/**
 * Progress bars on this terminal, with or without colours. The library that draws them is loaded with the first bar. A
 * terminal that reports a width of 0 columns gets no bars: there, a bar would take endlessly many lines, and erasing it
 * would never end.
 */
export function progressBars(terminal: NodeJS.WriteStream, hasColor: boolean): Track {
  return (title, total) => {
    if (isWithoutWidth(terminal)) return NO_PROGRESS(title, total)
    let done = 0
    let isOver = false
    let bar: { text: string; stop(): unknown } | undefined
    const begin = async (): Promise<void> => {
      const { default: ora } = await import('ora')
      // The cursor stays visible, because a killed process could not show it again. Keys that are pressed meanwhile are
      // not swallowed.
      if (!isOver && !isWithoutWidth(terminal))
        bar = ora({
          stream: terminal,
          text: barText(title, done, total),
          discardStdin: false,
          hideCursor: false,
          ...(hasColor ? {} : { color: false as const }),
        }).start()
    }
    void begin()
    const progress: Progress = {
      advance: (steps = 1) => {
        done += steps
        if (bar !== undefined) bar.text = barText(title, done, total)
      },
      end: () => {
        isOver = true
        bar?.stop()
      },
    }
    return progress
  }
}

/**
 * Whether the terminal reports a width of 0. An unknown width (undefined) is a different case: the library takes it for
 * 80.
 */
function isWithoutWidth({ columns }: { readonly columns?: number }): boolean {
  return columns !== undefined && !(columns > 0)
}

/** `reading archives ████████░░░░░░░░░░░░░░░░ 700/2000`. */
export function barText(title: string, done: number, total: number): string {
  const share = total <= 0 ? 1 : Math.min(done / total, 1)
  const full = Math.floor(share * CELLS)
  return `${title} ${'█'.repeat(full)}${'░'.repeat(CELLS - full)} ${String(done)}/${String(total)}`
}
