/** What this program uses of the SDK. The bundler leaves out the rest: a hundred commands with their shapes. */
export {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  S3Client,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
export { getEndpointFromInstructions } from '@smithy/core/endpoints'
