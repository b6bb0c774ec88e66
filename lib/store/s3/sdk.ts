/**
 * The part of the SDK's client that this program uses: its rules for addresses. The bundler leaves out nearly
 * everything else.
 */
export { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
export { getEndpointFromInstructions } from '@smithy/core/endpoints'
