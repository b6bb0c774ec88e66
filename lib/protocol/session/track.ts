/** Long work that is shown step by step. */
export interface Progress {
  /** Counts further steps as done. */
  advance(steps?: number): void
  /** The work is over, for better or worse. */
  end(): void
}

/** Begins to show work of `total` steps. `title`: what is done, such as `reading archives`. */
export type Track = (title: string, total: number) => Progress

const silent = (): void => undefined

/** Shows nothing. */
export const NO_PROGRESS: Track = () => ({ advance: silent, end: silent })
