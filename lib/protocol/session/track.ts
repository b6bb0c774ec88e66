/** The progress display of some long work. */
export interface Progress {
  /** Counts more steps as done; one when left out. */
  advance(steps?: number): void
  /** Ends the display, whether the work succeeded or not. */
  end(): void
}

/** Begins to show work of `total` steps. `title` says what is done, such as `reading archives`. */
export type Track = (title: string, total: number) => Progress

const silent = (): void => undefined

/** A track that shows nothing. */
export const NO_PROGRESS: Track = () => ({ advance: silent, end: silent })
