/** A flag of a command, and how its value is read. `about` is its line in the help. */
export type Flag =
  | { readonly kind: 'switch'; readonly about: string; readonly short?: string }
  /** A switch that is on by default in some cases, and can be turned off with `--flag=false`. */
  | { readonly kind: 'toggle'; readonly about: string }
  | { readonly kind: 'text'; readonly about: string; readonly short?: string; readonly shownDefault?: string }
  /** A text. The flag may be given several times. */
  | { readonly kind: 'texts'; readonly about: string; readonly required?: boolean }
  /** Takes a value only as `--flag=VALUE`; alone, it has the empty text. The flag may be given several times. */
  | { readonly kind: 'optional'; readonly about: string }
  /** A whole number of at least `min` (default 0). */
  | {
      readonly kind: 'count'
      readonly about: string
      readonly min?: number
      readonly max?: number
      readonly shownDefault?: string
    }
  /** A duration in Go's syntax. The value is in milliseconds. */
  | { readonly kind: 'duration'; readonly about: string; readonly shownDefault?: string }
  /** Like a duration, and also in days (`90d`) and weeks (`2w`). The value is in milliseconds. */
  | { readonly kind: 'age'; readonly about: string }
  | {
      readonly kind: 'choice'
      readonly about: string
      readonly of: readonly string[]
      readonly short?: string
      readonly shownDefault?: string
    }

export type Flags = Readonly<Record<string, Flag>>

/** The value that the command gets for a flag. Undefined: the flag was not given. */
export type FlagValue<F extends Flag> = F extends { readonly kind: 'switch' }
  ? boolean
  : F extends { readonly kind: 'toggle' }
    ? boolean | undefined
    : F extends { readonly kind: 'texts' | 'optional' }
      ? readonly string[]
      : F extends { readonly kind: 'duration' | 'age' | 'count' }
        ? number | undefined
        : F extends { readonly kind: 'choice'; readonly of: readonly (infer C)[] }
          ? C | undefined
          : string | undefined

export type FlagValues<T extends Flags> = { readonly [name in keyof T]: FlagValue<T[name]> }

/** The flags for reaching the bucket and for writing objects. `lib/settings/` reads their values. */
export const SETTING_FLAGS = {
  region: { kind: 'text', about: 'region of the bucket ($HELM_S3_REGION, $AWS_REGION)' },
  'endpoint-url': { kind: 'text', about: 'URL of a store other than AWS ($AWS_ENDPOINT_URL)' },
  profile: { kind: 'text', about: 'profile in the AWS configuration ($HELM_S3_PROFILE, $AWS_PROFILE)' },
  'expected-bucket-owner': {
    kind: 'text',
    about: 'refuse buckets that do not belong to this account ($HELM_S3_EXPECTED_BUCKET_OWNER)',
  },
  acl: { kind: 'text', about: 'canned ACL of every object that is written ($S3_ACL)' },
  sse: {
    kind: 'text',
    about: 'encryption of every object that is written: AES256, aws:kms or aws:kms:dsse ($AWS_S3_SSE)',
  },
  'sse-kms-key-id': { kind: 'text', about: 'KMS key to encrypt with; implies --sse=aws:kms ($HELM_S3_SSE_KMS_KEY_ID)' },
  tags: { kind: 'text', about: 'tags of every object that is written: KEY=VALUE,... ($HELM_S3_TAGS)' },
} as const satisfies Flags

/** The flags that every command has. */
export const GLOBAL_FLAGS = {
  ...SETTING_FLAGS,
  timeout: { kind: 'duration', about: 'time limit for the whole operation ($HELM_S3_TIMEOUT)', shownDefault: '5m0s' },
  verbose: { kind: 'switch', about: 'also print details of what is done ($HELM_S3_VERBOSE, $HELM_DEBUG)' },
  quiet: { kind: 'switch', about: 'print only errors, and the result if -o json or yaml is given', short: 'q' },
  'exit-codes': {
    kind: 'choice',
    about: 'fine: use a different exit status for each kind of error ($HELM_S3_EXIT_CODES)',
    of: ['default', 'fine'],
    shownDefault: 'default',
  },
  help: { kind: 'switch', about: 'show this help', short: 'h' },
} as const satisfies Flags

/** The formats of `index.yaml`. */
export const INDEX_FORMS = ['json', 'yaml'] as const

/** The flag of commands that report something. */
export const OUTPUT_FLAG = {
  output: {
    kind: 'choice',
    about: 'format of the result',
    of: ['table', 'json', 'yaml'],
    short: 'o',
    shownDefault: 'table',
  },
} as const satisfies Flags

/**
 * Flags of Helm that it leaves in the arguments of a plugin although they have already taken effect (helm/helm
 * pkg/cmd/load_plugins.go). Every command accepts and ignores them.
 */
export const HELM_FLAGS = {
  debug: { kind: 'switch', about: '' },
  n: { kind: 'text', about: '' },
  v: { kind: 'text', about: '' },
  'burst-limit': { kind: 'text', about: '' },
  qps: { kind: 'text', about: '' },
  color: { kind: 'text', about: '' },
  colour: { kind: 'text', about: '' },
  'content-cache': { kind: 'text', about: '' },
  'kube-insecure-skip-tls-verify': { kind: 'switch', about: '' },
  'kube-tls-server-name': { kind: 'text', about: '' },
} as const satisfies Flags
