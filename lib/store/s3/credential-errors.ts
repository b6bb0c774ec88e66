import { HelmS3Error } from '../../errors.ts'
import { type Signs, isNotConnected, isUntrusted, signsOf } from './error-signs.ts'
import { shellWord } from '../../text/terminal-text.ts'

/** Where the credentials were expected to come from. */
export interface CredentialPlace {
  /** `profile prod`, `role ci (web identity)`. */
  readonly who: string
  readonly profile: string | undefined
}

/**
 * The error for a source of credentials that is configured but provides none. Its text never holds the command line or
 * the output of a process.
 */
export function credentialsError(error: unknown, place: CredentialPlace): HelmS3Error {
  if (error instanceof HelmS3Error) return error
  const signs = signsOf(error)
  const { code, hint } = explain(signs, place)
  return new HelmS3Error(code, `no credentials from ${place.who}: ${withoutCommand(signs)}`, { cause: error, hint })
}

/** The error for a profile that was named but does not exist. */
export function missingProfile(name: string): HelmS3Error {
  return new HelmS3Error('invalid-config', `there is no profile ${name} in the configuration of AWS`, {
    hint:
      '`aws configure list-profiles` lists the existing profiles; AWS_CONFIG_FILE and ' +
      'AWS_SHARED_CREDENTIALS_FILE say where they are looked for',
  })
}

/** The error when a code must be typed and there is no terminal to ask on. */
export function noTerminal(device: string, profile: string): HelmS3Error {
  return new HelmS3Error(
    'denied',
    `profile ${profile} asks for the code of ${device}, and there is no terminal to type it on`,
    {
      hint:
        `run the command in a terminal, or set the keys of a session that has begun, as \`aws configure ` +
        `export-credentials --profile ${shellWord(profile)} --format env\` prints them`,
    },
  )
}

function explain(
  signs: Signs,
  { profile }: CredentialPlace,
): { readonly code: 'denied' | 'unreachable'; readonly hint: string } {
  const { message, name } = signs
  if (/sso|Token is expired/i.test(message) || name === 'UnauthorizedException') {
    return {
      code: 'denied',
      hint: `sign in again: \`aws sso login${profile === undefined ? '' : ` --profile ${shellWord(profile)}`}\``,
    }
  }
  if (isNotConnected(signs))
    return {
      code: 'unreachable',
      hint: 'nothing answers there: look at the network, the proxy and AWS_ENDPOINT_URL_STS',
    }
  if (isUntrusted(signs))
    return {
      code: 'unreachable',
      hint: 'the certificate is not trusted here: set AWS_CA_BUNDLE to the PEM file of its CA',
    }
  if (name === 'AccessDenied' || name === 'AccessDeniedException') {
    return {
      code: 'denied',
      hint:
        'look at the trust policy of the role, and at the permission sts:AssumeRole of its caller; a wrong MFA code ' +
        'is refused like this, too',
    }
  }
  if (/^(?:ExpiredToken|InvalidIdentityToken|IDP)/.test(name)) {
    return {
      code: 'denied',
      hint:
        'the token is not accepted: look at the file of AWS_WEB_IDENTITY_TOKEN_FILE and at the identity ' +
        'provider of the role',
    }
  }
  if (/credential_process|Command failed/.test(message)) {
    return {
      code: 'denied',
      hint: `run the credential_process of profile ${profile ?? 'default'} by hand: it must print JSON with Version 1`,
    }
  }
  return {
    code: 'denied',
    hint:
      profile === undefined
        ? 'see docs/SETTINGS.md, credentials'
        : `try \`aws sts get-caller-identity --profile ${shellWord(profile)}\``,
  }
}

/**
 * The message without the command line of a process that failed, because it may hold a secret. The process's own
 * message stays.
 */
function withoutCommand({ code, message, name, status }: Signs): string {
  const text = message.replace(/Command failed: [^\n]*\n?/, 'credential_process failed. ')
  const detail = text.replace(/\s+/g, ' ').trim().slice(0, 400)
  if (detail !== '')
    return /^(?:Error|CredentialsProviderError|TokenProviderError|Unknown)$/.test(name) ? detail : `${name}: ${detail}`
  return code || (status === undefined ? name : `${name} (status ${String(status)})`)
}
