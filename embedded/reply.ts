import { FAULTS, S3Fault } from './s3-fault.ts'
import { type Xml, xmlDocument } from './xml-document.ts'

/** An answer, without the headers that all answers have. */
export interface Reply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** The body, which is left out in the answer to HEAD. */
  readonly body?: Buffer | string
}

export function xmlReply(root: string, content: Xml, status = 200): Reply {
  return { status, headers: { 'content-type': 'application/xml' }, body: xmlDocument(root, content) }
}

/** The answer for an error. When the request is not to blame, it says only that an error happened. */
export function faultReply(error: unknown, resource: string, requestId: string): Reply {
  const { code, message, status } = error instanceof S3Fault ? error : FAULTS.internalError()
  return xmlReply('Error', { Code: code, Message: message, Resource: resource, RequestId: requestId }, status)
}
