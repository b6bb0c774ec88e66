import { HelmS3Error } from '../../errors.ts'
import { type S3Action, type S3Surroundings, describeAction, describeSurroundings } from './action.ts'
import { S3AnswerError } from './answer.ts'
import { howToSign, place } from './error-hints.ts'
import { ERROR_RULES } from './error-rules.ts'
import { type Signs, signsOf } from './error-signs.ts'

const WITHOUT_CHECKSUM =
  'it was refused with a checksum and without one: AWS_REQUEST_CHECKSUM_CALCULATION=when_required leaves that out ' +
  'from the first'

/** The error of this program for an error of the SDK. Never holds a secret. */
export function toHelmS3Error(error: unknown, action: S3Action, surroundings: S3Surroundings): HelmS3Error {
  if (error instanceof HelmS3Error) return error
  const signs = signsOf(error)
  const asked = { ...action, ...surroundings }
  const rule = ERROR_RULES.find(({ when }) => when(signs, asked))
  const way = rule?.hint(asked, signs) ?? `${place(asked)} stopped answering; try again`
  const hint = error instanceof S3AnswerError && error.isWithoutChecksum ? `${way}; ${WITHOUT_CHECKSUM}` : way
  return new HelmS3Error(
    rule?.code ?? 'timeout',
    `${describeAction(action)}: ${detailOf(signs)} (${describeSurroundings(asked)})`,
    { cause: error, hint },
  )
}

/** A mutation without credentials: it is not even sent. */
export function withoutCredentials(action: S3Action, { unsigned = [] }: S3Surroundings): HelmS3Error {
  return new HelmS3Error('denied', `${describeAction(action)}: no credentials to sign the request with`, {
    hint: howToSign(unsigned),
  })
}

function detailOf({ message, name, status }: Signs): string {
  const what =
    name === 'Unknown' || name === 'UnknownError'
      ? status === undefined
        ? 'no answer'
        : `status ${String(status)}`
      : name
  const text = message.replace(/\s+/g, ' ').trim().slice(0, 500)
  return text === '' || text === what || text === 'UnknownError' ? what : `${what}: ${text}`
}
