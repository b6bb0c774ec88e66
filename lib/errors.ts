/**
 * Why a command could not do its work. The list is closed: a new cause either is one of these or gets a code of its own
 * here. `outcome-unknown` alone means that the repository may have been changed.
 */
export type ErrorCode =
  | 'usage' // the command line is wrong
  | 'invalid-chart' // an archive or its Chart.yaml is not what Helm would load
  | 'invalid-index' // index.yaml is not a Helm index
  | 'invalid-url' // not an s3:// URL that names a bucket
  | 'invalid-config' // an environment variable or a local file cannot be used
  | 'unknown-repository' // no such name in Helm's repositories file
  | 'missing-index' // there is no repository at this place
  | 'already-exists' // the chart version or the repository is there already
  | 'not-found' // no such chart, version or object
  | 'missing-bucket' // no such bucket
  | 'denied' // the store refuses these credentials, or has none to check
  | 'unreachable' // no connection to the store; nothing was sent
  | 'timeout' // --timeout has passed, or the store stopped answering
  | 'store-failed' // the store answered with an error of its own
  | 'unsupported-store' // the store lacks something that the protocol needs
  | 'conflict' // other clients changed the same thing for too long; nothing of ours is half done
  | 'too-many-orphans' // so many archives have no entry that the index is more likely damaged; nothing was removed
  | 'corrupt-download' // the bytes are not those that the index or the store promised
  | 'too-large' // what the store holds or answers is larger than what is taken of it
  | 'local-file' // a local file cannot be read or written
  | 'outcome-unknown' // something was changed, or may have been: no answer can be had, or not all of it is done

/** The one error class of this program. `message` says what failed, `hint` what to do next. Neither holds a secret. */
export class HelmS3Error extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined
  /** Printed without the `Error: ` prefix, as scripts written for the Go plugin expect of some messages. */
  readonly bare: boolean

  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly hint?: string; readonly cause?: unknown; readonly bare?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'HelmS3Error'
    this.code = code
    this.hint = options.hint
    this.bare = options.bare ?? false
  }
}

/** Exit statuses with `--exit-codes fine`; every code that is not named here ends with 1. README lists them. */
const FINE_STATUS: Partial<Record<ErrorCode, number>> = {
  usage: 2,
  'not-found': 4,
  'unknown-repository': 4,
  'missing-index': 4,
  'missing-bucket': 4,
  'already-exists': 5,
  denied: 6,
  unreachable: 7,
  timeout: 7,
  'store-failed': 7,
  'unsupported-store': 7,
  conflict: 8,
  'invalid-chart': 9,
  'invalid-url': 9,
  'invalid-config': 9,
  'local-file': 9,
  'invalid-index': 10,
  'too-many-orphans': 10,
  'corrupt-download': 10,
  'too-large': 10,
}

/** The exit status of a command that did its work and found something wrong (`check`). */
export function problemStatus(isFine: boolean): number {
  return isFine ? 12 : 1
}

/**
 * The exit status for an error: 1, as every error of the Go plugin, but for an unknown outcome (3), which no script may
 * take for "nothing happened" (docs/decisions/0016-status-after-the-commit.md). `isFine`: one for each kind of error.
 */
export function exitStatus(code: ErrorCode, isFine: boolean): number {
  if (code === 'outcome-unknown') return 3
  return (isFine ? FINE_STATUS[code] : undefined) ?? 1
}

/**
 * What is known of a write without an answer of use: ` (what failed)` for the message, and the way out with a `; `
 * behind it; both empty where nothing is.
 */
export function whyUnanswered(cause: unknown): { readonly reason: string; readonly hint: string } {
  if (!(cause instanceof HelmS3Error)) return { reason: '', hint: '' }
  return { reason: ` (${cause.message})`, hint: cause.hint === undefined ? '' : `${cause.hint}; ` }
}

/** Whether `error` is ours and has this code. */
export function hasCode(error: unknown, code: ErrorCode): error is HelmS3Error {
  return error instanceof HelmS3Error && error.code === code
}

/**
 * Runs a step of a command, and puts before the message of its error what the step was about, as the Go plugin does:
 * `upload chart to s3: <what failed>`. Code and hint stay; an unknown outcome and a bare text are no failure of a step.
 */
export async function during<T>(step: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw inStep(step, error)
  }
}

/** The error that {@link during} throws for `error`. */
export function inStep(step: string, error: unknown): unknown {
  if (!(error instanceof HelmS3Error) || error.bare || error.code === 'outcome-unknown') return error
  return new HelmS3Error(error.code, `${step}: ${error.message}`, {
    cause: error,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  })
}
