import type { Changes } from '../protocol/session/changes.ts'
import { HelmS3Error, hasCode } from '../errors.ts'
import { describeUnexpected } from '../ui/error-text.ts'

/** How to continue, by command; all other commands continue where the last run has stopped. */
const GOING_ON: Readonly<Record<string, string>> = {
  push: 'run the same command with --ignore-if-exists, or again with --force, to do the rest',
  copy: 'run the same command with --ignore-if-exists, or again with --force, to do the rest',
  delete: 'run the same command with --ignore-missing to do the rest',
  restore: 'see with `helm s3 list REPO` which versions exist, and restore the others',
  init: '`helm s3 check REPO` says what is there',
}

/** Hints for a command that has changed nothing. */
const SAYS_UNCHANGED = /\bnothing (?:is|was)\b/

/**
 * The error of a command that failed after it had changed something, or may have: an unknown outcome that says what
 * stands. Any other error stays as it is, and so does the refusal of a push, which names what it has pushed beside.
 */
export function afterChanges(error: unknown, changes: Changes, command: string, isVerbose: boolean): unknown {
  if (hasCode(error, 'already-exists') && !changes.hasUnansweredDelta) return error
  // An unknown outcome speaks itself of the write that has no answer.
  const parts = partsOf(changes, { speaksOfUnanswered: !hasCode(error, 'outcome-unknown') })
  if (parts.length === 0) return error
  const { hint, message } = error instanceof HelmS3Error ? error : unexpected(error, isVerbose)
  const goingOn = GOING_ON[command] ?? 'run the same command again to do the rest'
  const isTrue = hint !== undefined && !SAYS_UNCHANGED.test(hint)
  return new HelmS3Error('outcome-unknown', [...parts, `not finished: ${message.trim()}`].join('; '), {
    hint: isTrue ? `${hint}; ${goingOn}` : goingOn,
    cause: error,
  })
}

/** What a user who has interrupted a command is told: which changes are made, and which may be. */
export function linesWhenEnded(changes: Changes): readonly string[] {
  const parts = partsOf(changes, { speaksOfUnanswered: true })
  return parts.length === 0 ? [] : [`${parts.join('; ')}; ended before everything was done`]
}

function partsOf(changes: Changes, options: { readonly speaksOfUnanswered: boolean }): readonly string[] {
  const { committedText, replacedText, unansweredText } = changes
  const parts: string[] = []
  if (committedText !== undefined) parts.push(`committed: ${committedText}`)
  if (replacedText !== undefined) {
    parts.push(
      `the archive of ${replacedText} has been replaced, or may be, while the index may still describe the old one`,
    )
  }
  if (unansweredText !== undefined && options.speaksOfUnanswered) {
    parts.push(`no answer to the write of ${unansweredText}: it may or may not take effect`)
  }
  return parts
}

function unexpected(error: unknown, isVerbose: boolean): { readonly message: string; readonly hint: undefined } {
  return { message: `unexpected: ${describeUnexpected(error, isVerbose)}`, hint: undefined }
}
