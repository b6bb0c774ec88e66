import { type Environment, isGoFalse, isGoTrue } from './environment.ts'
import { type SettingFlags, type Sourced, fromEnvironment, fromFlag, unusable } from './sources.ts'
import { type Tags, encodeTags, parseTags } from './tags.ts'

/**
 * What is said with every object that is written. Undefined: not said; another level may say it. Empty: explicitly
 * nothing.
 */
export interface ObjectSettings {
  /** Canned ACL. */
  readonly acl: string | undefined
  /** `x-amz-server-side-encryption`. */
  readonly sse: string | undefined
  /** Id, ARN or alias of a KMS key. */
  readonly sseKmsKeyId: string | undefined
  readonly tags: Tags | undefined
}

/** Parameters of PutObject and CopyObject, by their names in the S3 API. */
export interface ObjectParameters {
  readonly ACL?: string
  readonly ServerSideEncryption?: string
  readonly SSEKMSKeyId?: string
  readonly Tagging?: string
}

/** Which settings hold because a repository says so. */
export interface SaidByRepository {
  /** What to type to reach it. */
  readonly repository: string
  /** As `helm s3 config` names them. */
  readonly keys: readonly ('acl' | 'sse' | 'sse-kms-key-id')[]
}

/**
 * Given when it is needed: before the first object is written, and never when none is. `saidBy` left out: no repository
 * says any.
 */
export type ObjectSettingsSource = () => Promise<ObjectSettings & { readonly saidBy?: SaidByRepository }>

export const NO_OBJECT_SETTINGS: ObjectSettings = {
  acl: undefined,
  sse: undefined,
  sseKmsKeyId: undefined,
  tags: undefined,
}

/** Kinds of server-side encryption that take the id of a key. */
const WITH_KEY = ['aws:kms', 'aws:kms:dsse']
const PLAIN_KMS = 'aws:kms'
const SSE = ['AES256', ...WITH_KEY]

/** Printable ASCII without spaces: goes into a header as it is. */
const TOKEN = /^[\x21-\x7e]*$/

/**
 * Flags, then the environment: `S3_ACL` and `AWS_S3_SSE` as the Go plugin has them. A key of KMS alone means `aws:kms`.
 * @throws HelmS3Error `usage`, `invalid-config`: a value that cannot be used, or a key for an encryption that takes
 *   none
 */
export function objectSettings(flags: SettingFlags, env: Environment): ObjectSettings {
  const { typed, surrounding } = objectSettingSources(flags, env)
  return withDefaults(objectSettingsOf(typed), objectSettingsOf(surrounding))
}

/** The variable by which a machine goes by no defaults of repositories for objects. */
export const REPOSITORY_DEFAULTS = 'HELM_S3_REPOSITORY_DEFAULTS'

/**
 * Whether what a repository says about ACL and encryption counts on this machine: whoever may write it decides who may
 * read what others push.
 * @throws HelmS3Error `invalid-config`
 */
export function takesRepositoryDefaults(env: Environment): boolean {
  const given = fromEnvironment(env, REPOSITORY_DEFAULTS)
  if (given !== undefined && !isGoTrue(given.value) && !isGoFalse(given.value))
    throw unusable(given, 'must be true or false')
  return !isGoFalse(given?.value)
}

/** One level of settings, each with the place where it stands. */
export type SourcedObjectSettings = Readonly<Partial<Record<'acl' | 'key' | 'sse' | 'tags', Sourced | undefined>>>

/** What the flags say, and what the environment says. */
function objectSettingSources(
  flags: SettingFlags,
  env: Environment,
): Record<'typed' | 'surrounding', SourcedObjectSettings> {
  const typed = {
    acl: fromFlag(flags, 'acl'),
    sse: fromFlag(flags, 'sse'),
    key: fromFlag(flags, 'sse-kms-key-id'),
    tags: fromFlag(flags, 'tags'),
  }
  const surrounding = {
    acl: fromEnvironment(env, 'S3_ACL'),
    sse: fromEnvironment(env, 'AWS_S3_SSE'),
    key: fromEnvironment(env, 'HELM_S3_SSE_KMS_KEY_ID'),
    tags: fromEnvironment(env, 'HELM_S3_TAGS'),
  }
  return { typed, surrounding }
}

/** Each with where it stands: the flag, else the variable. */
export function explicitObjectSettings(flags: SettingFlags, env: Environment): SourcedObjectSettings {
  const { typed, surrounding } = objectSettingSources(flags, env)
  const first = (name: keyof SourcedObjectSettings): Sourced | undefined => typed[name] ?? surrounding[name]
  return { acl: first('acl'), sse: first('sse'), key: first('key'), tags: first('tags') }
}

/**
 * `settings`, and where they say nothing `defaults`. Encryption is one thing: a key goes with the encryption that it
 * was given for, or completes one that takes a key.
 */
export function withDefaults(settings: ObjectSettings, defaults: ObjectSettings): ObjectSettings {
  const takesKey = settings.sse === undefined || WITH_KEY.includes(settings.sse)
  const needsKey = settings.sseKmsKeyId !== undefined && settings.sseKmsKeyId !== ''
  const lower = needsKey && defaults.sse !== undefined && !WITH_KEY.includes(defaults.sse) ? PLAIN_KMS : defaults.sse
  return {
    acl: settings.acl ?? defaults.acl,
    sse: settings.sse ?? lower,
    sseKmsKeyId: settings.sseKmsKeyId ?? (takesKey ? defaults.sseKmsKeyId : undefined),
    tags: settings.tags ?? defaults.tags,
  }
}

/** Which of the settings that {@link withDefaults} gives are those of `defaults`, as `helm s3 config` names them. */
export function keysOfDefaults(settings: ObjectSettings, defaults: ObjectSettings): SaidByRepository['keys'] {
  const all = withDefaults(settings, defaults)
  const isDefault = (name: 'acl' | 'sse' | 'sseKmsKeyId'): boolean => {
    return settings[name] === undefined && (all[name] ?? '') !== '' && all[name] === defaults[name]
  }
  return [
    ...(isDefault('acl') ? ['acl' as const] : []),
    ...(isDefault('sse') ? ['sse' as const] : []),
    ...(isDefault('sseKmsKeyId') ? ['sse-kms-key-id' as const] : []),
  ]
}

/** The settings as S3 takes them with a PUT: what is not said is left out. */
export function objectParameters({ acl, sse, sseKmsKeyId, tags }: ObjectSettings): ObjectParameters {
  const key = sseKmsKeyId === '' ? undefined : sseKmsKeyId
  const kind = sse === '' ? undefined : (sse ?? (key === undefined ? undefined : PLAIN_KMS))
  const tagging = tags === undefined ? '' : encodeTags(tags)
  return {
    ...(acl === undefined || acl === '' ? {} : { ACL: acl }),
    ...(kind === undefined ? {} : { ServerSideEncryption: kind }),
    ...(kind === undefined || key === undefined ? {} : { SSEKMSKeyId: key }),
    ...(tagging === '' ? {} : { Tagging: tagging }),
  }
}

/**
 * The settings of one level, each checked for itself and against the others.
 * @throws HelmS3Error as {@link objectSettings}
 */
export function objectSettingsOf({ acl, key, sse, tags }: SourcedObjectSettings): ObjectSettings {
  for (const given of [acl, key, sse]) {
    if (given !== undefined && !TOKEN.test(given.value))
      throw unusable(given, 'only printable characters without spaces can be sent')
  }
  // The Go plugin copies AWS_S3_SSE as it is: a store may know kinds of its own.
  if (sse !== undefined && sse.from !== 'AWS_S3_SSE' && sse.value !== '' && !SSE.includes(sse.value))
    throw unusable(sse, `must be ${SSE.join(' or ')}`)
  if (key !== undefined && key.value !== '' && sse !== undefined && !WITH_KEY.includes(sse.value)) {
    throw unusable(
      key,
      `${sse.from}=${sse.value} takes no key`,
      `leave one of them out, or use ${WITH_KEY.join(' or ')}`,
    )
  }
  return { acl: acl?.value, sse: sse?.value, sseKmsKeyId: key?.value, tags: tags && readTags(tags) }
}

function readTags(given: Sourced): Tags {
  const read = parseTags(given.value)
  if ('problem' in read) throw unusable(given, read.problem)
  return read.tags
}
