/**
 * What this program uses of the SDK's client: its rules for addresses. The bundler leaves out nearly all of the rest.
 */
export { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
export { getEndpointFromInstructions } from '@smithy/core/endpoints'
