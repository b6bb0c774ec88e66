import type { IncomingHttpHeaders } from 'node:http'
import { answerWith, bodyOf, startServer } from './local-server.ts'

/** A request that came, without its query. */
export interface Asked {
  readonly line: string
  readonly headers: IncomingHttpHeaders
  /** Parameters of the query and of the form. */
  readonly parameters: URLSearchParams
}

export interface IdentityServer {
  readonly url: string
  readonly asked: readonly Asked[]
  close(): Promise<void>
}

export interface GivenKeys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Undefined: any will do. */
  readonly sessionToken?: string
}

const ANY_TOKEN = 'a-session-token'
/** What the metadata server of an instance hands out before it says more. */
const INSTANCE_TOKEN = 'an-instance-token'

/**
 * A server that gives out one pair of keys by every protocol of AWS: the token service (AssumeRole with and without a
 * web identity), the portal of single sign-on, the credentials of a container, the metadata of an instance. It refuses
 * what the real ones refuse: a wrong code, an unknown token.
 */
export async function startIdentityServer(
  keys: GivenKeys,
  options: { readonly tls?: boolean } = {},
): Promise<IdentityServer> {
  const asked: Asked[] = []
  const later = new Date(Date.now() + 3_600_000)
  const { sessionToken = ANY_TOKEN } = keys
  const json = {
    AccessKeyId: keys.accessKeyId,
    SecretAccessKey: keys.secretAccessKey,
    Token: sessionToken,
    Expiration: later.toISOString(),
  }
  const server = await startServer(async (message, answer) => {
    const url = new URL(message.url ?? '/', 'http://x')
    const parameters = new URLSearchParams([...url.searchParams, ...new URLSearchParams(await bodyOf(message))])
    const line = `${message.method ?? ''} ${url.pathname}`
    asked.push({ line, headers: message.headers, parameters })
    const give = (body: string, status = 200): void =>
      answerWith(answer, status, body, { 'content-type': body.startsWith('{') ? 'application/json' : 'text/xml' })
    const { authorization } = message.headers
    switch (line) {
      case 'POST /':
        give(...tokenService(parameters, { ...keys, sessionToken }, later))
        return
      case 'GET /federation/credentials':
        if (message.headers['x-amz-sso_bearer_token'] !== 'a-portal-token')
          give('{"message":"Session token not found or invalid"}', 401)
        else give(JSON.stringify({ roleCredentials: { ...keys, sessionToken, expiration: later.getTime() } }))
        return
      case 'GET /container':
        if (authorization === 'a-container-token') give(JSON.stringify(json))
        else give('{"Message":"no"}', 401)
        return
      case 'PUT /latest/api/token':
        give(INSTANCE_TOKEN)
        return
      case 'GET /latest/meta-data/iam/security-credentials/':
        give('instance-role')
        return
      case 'GET /latest/meta-data/iam/security-credentials/instance-role':
        if (message.headers['x-aws-ec2-metadata-token'] === INSTANCE_TOKEN)
          give(JSON.stringify({ Code: 'Success', ...json }))
        else give('', 401)
        return
      default:
        give('', 404)
    }
  }, options)
  return { url: server.url, asked, close: () => server.close() }
}

function tokenService(
  asked: URLSearchParams,
  keys: Required<GivenKeys>,
  expiration: Date,
): [body: string, status?: number] {
  const action = asked.get('Action') ?? ''
  const isRefused =
    action === 'AssumeRole'
      ? asked.has('SerialNumber') && asked.get('TokenCode') !== '123456'
      : action !== 'AssumeRoleWithWebIdentity' || asked.get('WebIdentityToken') !== 'a-web-token'
  if (isRefused || asked.get('RoleArn') === 'arn:aws:iam::123456789012:role/closed') {
    return [
      `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not authorized to perform ` +
        `sts:${action}</Message></Error></ErrorResponse>`,
      403,
    ]
  }
  const credentials =
    `<Credentials><AccessKeyId>${keys.accessKeyId}</AccessKeyId><SecretAccessKey>${keys.secretAccessKey}</SecretAccessKey>` +
    `<SessionToken>${keys.sessionToken}</SessionToken><Expiration>${expiration.toISOString()}</Expiration></Credentials>`
  const user = `<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/x/y</Arn><AssumedRoleId>AROA:y</AssumedRoleId></AssumedRoleUser>`
  return [
    `<${action}Response ` +
      `xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result>${credentials}${user}</${action}Result></${action}Response>`,
  ]
}
