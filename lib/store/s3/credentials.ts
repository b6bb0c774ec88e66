import type { ConnectionSettings, StaticCredentials } from '../../settings/connection.ts'
import { type CredentialPlace, credentialsError, missingProfile, noTerminal } from './credential-errors.ts'
import type { Profile } from './profile.ts'
import { signsOf } from './error-signs.ts'

/** Keys and the time when they expire. Undefined: they never expire. */
export type Keys = StaticCredentials & { readonly expiration?: Date }

/** Where credentials come from, or that there are none. */
export interface CredentialSource {
  /** Who signs the requests, for messages. Never a secret. */
  readonly who: string
  /** Returns keys that are valid now; rejects with a `HelmS3Error`. Undefined: requests are sent unsigned. */
  readonly load: (() => Promise<Keys>) | undefined
  /** The places where credentials were looked for, when there are none. */
  readonly tried: readonly string[]
}

/** Settings of the clients for STS and single sign-on. */
export interface InnerClients {
  /** The SDK's request handler of the S3 client, so that the same connections, proxies and CAs are used. */
  readonly requestHandler: unknown
  readonly region: string
  readonly logger: object
}

/** Milliseconds. A metadata server that does not answer within this time is taken to be absent. */
const METADATA_TIMEOUT = 1000

export const MFA_QUESTION = 'Assume Role MFA token code: '

/**
 * Decides where credentials come from, in the order of the Go plugin's SDK: keys of the environment, web identity,
 * profile, container, instance (aws/aws-sdk-go, aws/session/credentials.go). A source that is configured but fails is
 * an error. Requests are sent unsigned only when nothing is configured. The code of each source is loaded when it is
 * used.
 *
 * Cost: nothing for keys; for an instance three requests to its metadata server, which is given up after two seconds.
 * @throws HelmS3Error `invalid-config`: a profile that was named but does not exist
 */
export async function findCredentials(
  connection: ConnectionSettings,
  profile: Profile,
  inner: InnerClients,
): Promise<CredentialSource> {
  const { credentials, webIdentity } = connection
  if (credentials !== undefined) {
    return { who: `access key …${credentials.accessKeyId.slice(-4)}`, load: async () => credentials, tried: [] }
  }
  const clients = {
    clientConfig: { requestHandler: inner.requestHandler, logger: inner.logger },
    parentClientConfig: { region: async () => inner.region },
    logger: inner.logger,
  }
  if (webIdentity !== undefined) {
    const { roleArn, tokenFile } = webIdentity
    return source(
      { who: `role ${roleArn.split('/').at(-1) ?? roleArn} (web identity)`, profile: undefined },
      async () => {
        const { fromTokenFile } = await import('@aws-sdk/credential-provider-web-identity')
        return fromTokenFile({ ...clients, roleArn, webIdentityTokenFile: tokenFile } as Parameters<
          typeof fromTokenFile
        >[0])
      },
    )
  }
  if (connection.profile !== undefined && !profile.exists) throw missingProfile(profile.name)
  if (profile.hasCredentials) {
    return source({ who: `profile ${profile.name}`, profile: profile.name }, async () => {
      const { fromIni } = await import('@aws-sdk/credential-provider-ini')
      return fromIni({
        ...clients,
        profile: profile.name,
        mfaCodeProvider: (device) => askForCode(device, profile.name),
      } as Parameters<typeof fromIni>[0])
    })
  }
  if (connection.hasContainer) {
    return source({ who: 'the role of this container', profile: undefined }, async () => {
      const { fromHttp } = await import('@aws-sdk/credential-provider-http')
      return fromHttp({ logger: inner.logger, timeout: METADATA_TIMEOUT, maxRetries: 2 } as Parameters<
        typeof fromHttp
      >[0])
    })
  }
  return fromInstance(connection, profile)
}

/** The credentials of an instance. First the metadata server is asked whether it exists at all. */
async function fromInstance(
  { asksInstance, credentials, webIdentity }: ConnectionSettings,
  profile: Profile,
): Promise<CredentialSource> {
  const tried = [
    ...(credentials === undefined ? ['environment (no AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY)'] : []),
    ...(webIdentity === undefined ? ['web identity (no AWS_WEB_IDENTITY_TOKEN_FILE with AWS_ROLE_ARN)'] : []),
    `profile ${profile.name} (${profile.exists ? 'it has no credentials' : 'there is none'})`,
    'container (no AWS_CONTAINER_CREDENTIALS_*_URI)',
  ]
  if (!asksInstance)
    return { who: 'nobody', load: undefined, tried: [...tried, 'instance (AWS_EC2_METADATA_DISABLED)'] }
  const { fromInstanceMetadata } = await import('@smithy/credential-provider-imds')
  const provider = fromInstanceMetadata({ timeout: METADATA_TIMEOUT, maxRetries: 0, profile: profile.name })
  let first: Keys | undefined
  try {
    first = await provider()
  } catch (error) {
    const { code, message } = signsOf(error)
    return { who: 'nobody', load: undefined, tried: [...tried, `instance (${code || message})`] }
  }
  const place = { who: 'the role of this instance', profile: undefined }
  const load = async (): Promise<Keys> => {
    const keys = first ?? (await guarded(place, provider))
    first = undefined
    return keys
  }
  return { who: place.who, load, tried: [] }
}

function source(place: CredentialPlace, open: () => Promise<() => Promise<Keys>>): CredentialSource {
  let provider: Promise<() => Promise<Keys>> | undefined
  return { who: place.who, load: () => guarded(place, async () => (await (provider ??= open()))()), tried: [] }
}

/**
 * Keeps the errors of credential providers apart from errors of the store: a 403 of STS says nothing about the bucket.
 */
async function guarded(place: CredentialPlace, load: () => Promise<Keys>): Promise<Keys> {
  try {
    return await load()
  } catch (error) {
    throw credentialsError(error, place)
  }
}

async function askForCode(device: string, profile: string): Promise<string> {
  const { askOnTerminal } = await import('../../sys/terminal-prompt.ts')
  const code = await askOnTerminal(MFA_QUESTION)
  if (code === undefined) throw noTerminal(device, profile)
  return code.trim()
}
