import type { IncomingHttpHeaders } from 'node:http'
import type { ObjectRecord } from './folder-objects.ts'
import { FAULTS } from './s3-fault.ts'

/**
 * Checks `If-None-Match: *` and `If-Match: "etag"` of a request that writes against the current object (Amazon S3 User
 * Guide, "Conditional writes"). S3 supports no other forms, and accepts only one of the two.
 * @throws S3Fault `PreconditionFailed`, `NoSuchKey` for If-Match without an object, `NotImplemented`
 */
export function checkWrite(headers: IncomingHttpHeaders, record: ObjectRecord | undefined): void {
  const absent = headers['if-none-match']
  const match = headers['if-match']
  if (absent !== undefined && match !== undefined) throw FAULTS.notImplemented('If-Match together with If-None-Match')
  if (absent !== undefined && absent !== '*') throw FAULTS.notImplemented('If-None-Match with an ETag on a write')
  if (match === '*') throw FAULTS.notImplemented('If-Match with * on a write')
  if (absent !== undefined && record !== undefined) throw FAULTS.preconditionFailed()
  checkEtag(match, record)
}

/**
 * Checks the condition of a deletion: an ETag, or `*` for any object (User Guide, "Conditional deletes").
 * @throws S3Fault `NoSuchKey` without an object, `PreconditionFailed`
 */
export function checkEtag(match: string | undefined, record: ObjectRecord | undefined): void {
  if (match === undefined) return
  if (record === undefined) throw FAULTS.noSuchKey()
  if (!matches(match, record)) throw FAULTS.preconditionFailed()
}

/**
 * Checks the conditions of GET and HEAD (RFC 9110, section 13). False: the client has these bytes already.
 * @throws S3Fault `PreconditionFailed`
 */
export function isWanted(headers: IncomingHttpHeaders, record: ObjectRecord): boolean {
  if (headers['if-match'] !== undefined && !matches(headers['if-match'], record)) throw FAULTS.preconditionFailed()
  return headers['if-none-match'] === undefined || !matches(headers['if-none-match'], record)
}

/** Whether one of the ETags in the condition, in quotes or bare, is that of the object, or is `*`. */
export function matches(condition: string, { etag }: ObjectRecord): boolean {
  return condition.split(',').some((each) => [etag, etag.slice(1, -1), '*'].includes(each.trim()))
}
