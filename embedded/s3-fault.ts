/** An error that the S3 API answers with, with its code and its HTTP status. */
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
  accessDenied: (why = 'Access Denied') => new S3Fault(403, 'AccessDenied', why),
  authorizationHeaderMalformed: () =>
    new S3Fault(400, 'AuthorizationHeaderMalformed', 'The authorization header that you provided is not valid.'),
  authorizationQueryParameters: (why: string) => new S3Fault(400, 'AuthorizationQueryParametersError', why),
  badDigest: () => new S3Fault(400, 'BadDigest', 'The checksum you specified did not match what we received.'),
  bucketExists: () => new S3Fault(409, 'BucketAlreadyOwnedByYou', 'You have created this bucket already.'),
  bucketNotEmpty: () => new S3Fault(409, 'BucketNotEmpty', 'The bucket you tried to delete is not empty.'),
  contentSha256Mismatch: () =>
    new S3Fault(400, 'XAmzContentSHA256Mismatch', 'The x-amz-content-sha256 header does not match what was computed.'),
  entityTooLarge: () =>
    new S3Fault(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed object size.'),
  entityTooSmall: () => new S3Fault(400, 'EntityTooSmall', 'A part is smaller than the minimum allowed size.'),
  internalError: () => new S3Fault(500, 'InternalError', 'We encountered an internal error. Please try again.'),
  incompleteBody: () =>
    new S3Fault(400, 'IncompleteBody', 'You did not provide the number of bytes that were announced.'),
  invalidAccessKeyId: () =>
    new S3Fault(403, 'InvalidAccessKeyId', 'The access key you provided does not exist in our records.'),
  invalidArgument: (what: string) => new S3Fault(400, 'InvalidArgument', what),
  invalidBucketName: () => new S3Fault(400, 'InvalidBucketName', 'The specified bucket is not valid.'),
  invalidDigest: () => new S3Fault(400, 'InvalidDigest', 'The Content-MD5 you specified is not valid.'),
  invalidPart: () => new S3Fault(400, 'InvalidPart', 'One or more of the specified parts could not be found.'),
  invalidPartOrder: () => new S3Fault(400, 'InvalidPartOrder', 'The list of parts was not in ascending order.'),
  invalidRange: () => new S3Fault(416, 'InvalidRange', 'The requested range is not satisfiable.'),
  invalidRequest: (why: string) => new S3Fault(400, 'InvalidRequest', why),
  invalidUri: () => new S3Fault(400, 'InvalidURI', "Couldn't parse the specified URI."),
  keyTooLong: () => new S3Fault(400, 'KeyTooLongError', 'Your key is too long.'),
  malformedTrailer: () =>
    new S3Fault(400, 'MalformedTrailerError', 'The request contained trailing data that was not well-formed.'),
  malformedXml: () => new S3Fault(400, 'MalformedXML', 'The XML you provided was not well-formed.'),
  metadataTooLarge: () =>
    new S3Fault(400, 'MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size.'),
  methodNotAllowed: () =>
    new S3Fault(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.'),
  missingContentLength: () =>
    new S3Fault(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.'),
  noSuchBucket: () => new S3Fault(404, 'NoSuchBucket', 'The specified bucket does not exist.'),
  noSuchKey: () => new S3Fault(404, 'NoSuchKey', 'The specified key does not exist.'),
  noSuchUpload: () => new S3Fault(404, 'NoSuchUpload', 'The specified multipart upload does not exist.'),
  notImplemented: (what: string) => new S3Fault(501, 'NotImplemented', `${what} is not implemented.`),
  preconditionFailed: () =>
    new S3Fault(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold.'),
  signatureDoesNotMatch: () =>
    new S3Fault(403, 'SignatureDoesNotMatch', 'The signature we calculated does not match the one you provided.'),
} as const
