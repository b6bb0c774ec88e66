/** An error that the S3 API answers with: a code of its own, and a status. */
export class S3Fault extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** Errors by their S3 code (Amazon S3 API Reference, "Error responses"). */
export const FAULTS = {
  accessDenied: () => new S3Fault(403, 'AccessDenied', 'Access Denied'),
  badDigest: () => new S3Fault(400, 'BadDigest', 'The checksum you specified did not match what we received.'),
  bucketExists: () => new S3Fault(409, 'BucketAlreadyOwnedByYou', 'Your previous request to create the named bucket succeeded and you already own it.'),
  bucketNotEmpty: () => new S3Fault(409, 'BucketNotEmpty', 'The bucket you tried to delete is not empty.'),
  incompleteBody: () => new S3Fault(400, 'IncompleteBody', 'You did not provide the number of bytes that were announced.'),
  invalidAccessKeyId: () => new S3Fault(403, 'InvalidAccessKeyId', 'The access key you provided does not exist in our records.'),
  invalidArgument: (what: string) => new S3Fault(400, 'InvalidArgument', what),
  invalidBucketName: () => new S3Fault(400, 'InvalidBucketName', 'The specified bucket is not valid.'),
  invalidRange: () => new S3Fault(416, 'InvalidRange', 'The requested range is not satisfiable.'),
  malformedXml: () => new S3Fault(400, 'MalformedXML', 'The XML you provided was not well-formed.'),
  metadataTooLarge: () => new S3Fault(400, 'MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size.'),
  methodNotAllowed: () => new S3Fault(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.'),
  noSuchBucket: () => new S3Fault(404, 'NoSuchBucket', 'The specified bucket does not exist.'),
  noSuchKey: () => new S3Fault(404, 'NoSuchKey', 'The specified key does not exist.'),
  notImplemented: (what: string) => new S3Fault(501, 'NotImplemented', `${what} is not implemented.`),
  preconditionFailed: () => new S3Fault(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold.'),
  signatureDoesNotMatch: () => new S3Fault(403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match the signature you provided.'),
} as const
