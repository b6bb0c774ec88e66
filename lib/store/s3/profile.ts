import { loadSharedConfigFiles } from '@smithy/core/config'

/** What the shared files of AWS say about one profile. */
export interface Profile {
  readonly name: string
  readonly exists: boolean
  readonly region: string | undefined
  /** `endpoint_url`, for S3 or for all services. */
  readonly endpoint: string | undefined
  /** `ca_bundle`. */
  readonly caBundle: string | undefined
  /** `request_checksum_calculation`. */
  readonly checksumCalculation: string | undefined
  /** Whether the profile asks for FIPS or dual-stack endpoints. */
  readonly hasEndpointVariants: boolean
  /** Whether the profile has keys, a role, a single sign-on or a process, from which credentials can come. */
  readonly hasCredentials: boolean
}

const CREDENTIALS = [
  'aws_access_key_id',
  'role_arn',
  'credential_source',
  'credential_process',
  'sso_session',
  'sso_start_url',
  'sso_account_id',
  'web_identity_token_file',
  'login_session',
]

/**
 * Reads `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE`, with the SDK's own reader, which reads each file once in a
 * process. A file that is missing or cannot be read counts as empty, as in the SDK.
 */
export async function readProfile(name = 'default'): Promise<Profile> {
  const { configFile, credentialsFile } = await loadSharedConfigFiles()
  const merged = { ...configFile[name], ...credentialsFile[name] }
  const services = merged['services'] === undefined ? {} : (configFile[`services.${merged['services']}`] ?? {})
  return {
    name,
    exists: name in configFile || name in credentialsFile,
    region: merged['region'],
    endpoint:
      merged['ignore_configured_endpoint_urls'] === 'true'
        ? undefined
        : (services['s3.endpoint_url'] ?? merged['endpoint_url']),
    caBundle: merged['ca_bundle'],
    checksumCalculation: merged['request_checksum_calculation'],
    hasEndpointVariants: ['use_fips_endpoint', 'use_dualstack_endpoint'].some((field) => merged[field] !== undefined),
    hasCredentials: CREDENTIALS.some((field) => field in merged),
  }
}
