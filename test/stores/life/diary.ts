/** `differs`: nothing is lost or wrong, but it is not what a store gives that has all that is needed. */
export type Outcome = 'works' | 'differs' | 'fails'

export interface LifeStep {
  /** A sentence that says what holds. */
  readonly step: string
  readonly outcome: Outcome
  /** What was found. Absent: nothing but what the sentence says. */
  readonly detail?: string
  readonly seconds: number
}

/** All steps in the order in which they were taken. */
export interface LifeReport {
  readonly store: string
  readonly steps: readonly LifeStep[]
  readonly works: number
  readonly differs: number
  readonly fails: number
  readonly seconds: number
}

/** What a step gives back when it has found something that differs. */
export class Difference {
  readonly detail: string

  constructor(detail: string) {
    this.detail = detail
  }
}

/** What a step does. It throws where it fails; a text is a detail of what works. */
export type Act = () => Promise<string | Difference | undefined | void>

const LONGEST_DETAIL = 1200

/** Takes steps, one after another, and notes what became of each: a step that fails stops nothing. */
export class Diary {
  readonly #steps: LifeStep[] = []
  readonly #remarks: string[] = []
  readonly #says: (step: LifeStep) => void
  readonly #isExcused: (failure: string) => boolean
  readonly #startedAt = performance.now()

  /**
   * `says`: is told of each step at its end. `isExcused`: whether a failure with this text is what has to happen on
   * this store, so that the step differs.
   */
  constructor(says: (step: LifeStep) => void = () => undefined, isExcused: (failure: string) => boolean = () => false) {
    this.#says = says
    this.#isExcused = isExcused
  }

  /** Takes a step. @returns whether it has not failed */
  async step(sentence: string, act: Act): Promise<boolean> {
    const startedAt = performance.now()
    this.#remarks.length = 0
    const noted = await act().then(
      (result) => this.#judge(result),
      (error: unknown) => this.#judgeFailure(messageOf(error)),
    )
    const seconds = secondsSince(startedAt)
    const detail = noted.detail === undefined ? {} : { detail: shortened(noted.detail) }
    const step = { step: sentence, outcome: noted.outcome, ...detail, seconds }
    this.#steps.push(step)
    this.#says(step)
    return step.outcome !== 'fails'
  }

  /** Makes the present step one that differs, with this detail, if it does not fail. */
  remark(detail: string): void {
    if (!this.#remarks.includes(detail)) this.#remarks.push(detail)
  }

  report(store: string): LifeReport {
    const count = (outcome: Outcome): number => this.#steps.filter((step) => step.outcome === outcome).length
    return {
      store,
      steps: [...this.#steps],
      works: count('works'),
      differs: count('differs'),
      fails: count('fails'),
      seconds: secondsSince(this.#startedAt),
    }
  }

  #judgeFailure(failure: string): { readonly outcome: Outcome; readonly detail: string } {
    const outcome = this.#isExcused(failure) ? 'differs' : 'fails'
    return { outcome, detail: [failure, ...this.#remarks].join('; ') }
  }

  #judge(result: string | Difference | undefined | void): { readonly outcome: Outcome; readonly detail?: string } {
    const said = result instanceof Difference ? result.detail : result
    const details = [...(said === undefined ? [] : [said]), ...this.#remarks]
    const outcome = result instanceof Difference || this.#remarks.length > 0 ? 'differs' : 'works'
    return { outcome, ...(details.length === 0 ? {} : { detail: details.join('; ') }) }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** On one line. */
function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length <= LONGEST_DETAIL ? line : `${line.slice(0, LONGEST_DETAIL)} …`
}

/** To a hundredth. */
function secondsSince(startedAt: number): number {
  return Math.round((performance.now() - startedAt) / 10) / 100
}
