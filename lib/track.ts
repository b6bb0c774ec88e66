/** Long work that is shown step by step. */
export interface Progress {
  /** So many steps more are done. */
  advance(steps?: number): void
  /** The work is over, for better or worse. */
  end(): void
}

/** Begins to show work of so many steps. `title`: what is done, as `reading archives`. */
export type Track = (title: string, total: number) => Progress

const silent = (): void => undefined

/** Shows nothing. */
export const NO_PROGRESS: Track = () => ({ advance: silent, end: silent })
