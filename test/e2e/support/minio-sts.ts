import { createHash, createHmac } from 'node:crypto'
import type { LocalStore } from '../../support/s3-buckets.ts'

/** Credentials that may do no more than a policy says. */
export interface SessionCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
}

const REGION = 'us-east-1'
const BODY_TYPE = 'application/x-www-form-urlencoded'

/**
 * Credentials of the root user of a MinIO, narrowed by an IAM policy: the action AssumeRole of its security token
 * service, whose session policy is all that counts for them (minio/minio docs/sts/assume-role.md).
 */
export async function assumeRole(store: LocalStore, policy: object): Promise<SessionCredentials> {
  const body = new URLSearchParams({
    Action: 'AssumeRole',
    Version: '2011-06-15',
    DurationSeconds: '3600',
    Policy: JSON.stringify(policy),
  }).toString()
  const answer = await fetch(`${store.endpoint}/`, {
    method: 'POST',
    body,
    headers: signedHeaders(store, body),
    signal: AbortSignal.timeout(20_000),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`AssumeRole: ${String(answer.status)} ${text}`)
  const field = (name: string): string => {
    const value = new RegExp(`<${name}>([^<]+)</${name}>`).exec(text)?.[1]
    if (value === undefined) throw new Error(`AssumeRole: no ${name} in ${text}`)
    return value
  }
  return {
    accessKeyId: field('AccessKeyId'),
    secretAccessKey: field('SecretAccessKey'),
    sessionToken: field('SessionToken'),
  }
}

/**
 * AWS Signature Version 4 for one POST to `/` of the service `sts` (docs.aws.amazon.com, "Create a signed AWS API
 * request").
 */
function signedHeaders({ accessKeyId, endpoint, secretAccessKey }: LocalStore, body: string): Record<string, string> {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
  const bodyHash = sha256(body)
  const headers = {
    'content-type': BODY_TYPE,
    host: new URL(endpoint).host,
    'x-amz-content-sha256': bodyHash,
    'x-amz-date': time,
  }
  const names = Object.keys(headers).join(';')
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`)
  const canonical = ['POST', '/', '', lines.join(''), names, bodyHash].join('\n')
  const scope = [time.slice(0, 8), REGION, 'sts', 'aws4_request']
  const toSign = ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(canonical)].join('\n')
  const key = scope.reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${secretAccessKey}`)
  const signature = hmac(key, toSign).toString('hex')
  const authorization =
    `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope.join('/')}, SignedHeaders=${names}, ` + `Signature=${signature}`
  return { ...headers, authorization }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
