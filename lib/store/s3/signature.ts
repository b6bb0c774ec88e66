import { Sha256 } from '@smithy/core/checksum'
import { SignatureV4 } from '@smithy/signature-v4'
import type { StaticCredentials } from '../../settings/connection.ts'

/** A request as it is sent, without its body. */
export interface BodilessRequest {
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly method: string
  /** The encoded path, see `uriEncodePath`. */
  readonly path: string
  readonly query: Record<string, string>
  /** Header names are in lower case; `host` is among them. */
  readonly headers: Record<string, string>
}

export interface SigningScope {
  readonly keys: StaticCredentials
  readonly region: string
  /** `s3`, except for buckets on Outposts. */
  readonly service: string
  /** Milliseconds since 1970. The store accepts a time that differs from its clock by less than 15 minutes. */
  readonly time: number
}

/**
 * The request with a signature in its headers (AWS Signature Version 4; "Authenticating Requests: Using the
 * Authorization Header" in the Amazon S3 API Reference). The signature covers the whole body by its hash.
 * @param payload SHA-256 of the body, lower-case hex
 */
export async function signHeaders(
  request: BodilessRequest,
  payload: string,
  scope: SigningScope,
): Promise<BodilessRequest> {
  const headers = { ...request.headers, 'x-amz-content-sha256': payload }
  const signed = await signerOf(scope).sign({ ...request, headers }, { signingDate: new Date(scope.time) })
  return { ...request, headers: signed.headers }
}

/** A body that the signer does not hash. */
const NOT_HASHED = {}

/**
 * The request with a signature in its query that ends `lifetime` seconds after `time`: the store refuses the request
 * when it arrives later ("Authenticating Requests: Using Query Parameters" in the Amazon S3 API Reference). The headers
 * stay as they are. The body is not signed, so a header has to state its checksum.
 */
export async function signQuery(
  request: BodilessRequest,
  scope: SigningScope,
  lifetime: number,
): Promise<BodilessRequest> {
  const { query } = await signerOf(scope).presign(
    { ...request, query: { ...request.query }, body: NOT_HASHED },
    {
      signingDate: new Date(scope.time),
      expiresIn: lifetime,
      unhoistableHeaders: new Set(Object.keys(request.headers)),
    },
  )
  return { ...request, query: query as Record<string, string> }
}

function signerOf({ keys, region, service }: SigningScope): SignatureV4 {
  return new SignatureV4({ service, region, credentials: keys, sha256: Sha256, uriEscapePath: false })
}
