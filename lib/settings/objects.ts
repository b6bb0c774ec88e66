import { type Environment, isGoFalse, isGoTrue } from './environment.ts'
import { type SettingFlags, type Sourced, fromEnvironment, fromFlag, unusable } from './sources.ts'
import { type Tags, encodeTags, parseTags } from './tags.ts'

/**
 * The settings that are sent with every object that is written. Undefined: this level does not set the value, and
 * another level may. Empty: the value is explicitly turned off.
 */
export interface ObjectSettings {
  /** A canned ACL. */
  readonly acl: string | undefined
  /** `x-amz-server-side-encryption`. */
  readonly sse: string | undefined
  /** The id, ARN or alias of a KMS key. */
  readonly sseKmsKeyId: string | undefined
  readonly tags: Tags | undefined
}

/** Parameters of PutObject and CopyObject, under their names in the S3 API. */
export interface ObjectParameters {
  readonly ACL?: string
  readonly ServerSideEncryption?: string
  readonly SSEKMSKeyId?: string
  readonly Tagging?: string
}

/** The settings that come from the defaults of a repository. */
export interface SaidByRepository {
  /** What to type to reach that repository. */
  readonly repository: string
  /** The settings, under their names in `helm s3 config`. */
  readonly keys: readonly ('acl' | 'sse' | 'sse-kms-key-id')[]
}

/**
 * Returns the settings when they are needed: it is called before the first object is written, and never when no object
 * is written. `saidBy` is absent when no setting comes from a repository.
 */
export type ObjectSettingsSource = () => Promise<ObjectSettings & { readonly saidBy?: SaidByRepository }>

export const NO_OBJECT_SETTINGS: ObjectSettings = {
  acl: undefined,
  sse: undefined,
  sseKmsKeyId: undefined,
  tags: undefined,
}

/** The kinds of server-side encryption that take the id of a key. */
const WITH_KEY = ['aws:kms', 'aws:kms:dsse']
const PLAIN_KMS = 'aws:kms'
const SSE = ['AES256', ...WITH_KEY]

/** Printable ASCII without spaces, which can go into a header as it is. */
const TOKEN = /^[\x21-\x7e]*$/

/**
 * Flags come first, then the environment: `S3_ACL` and `AWS_S3_SSE` as in the Go plugin. A KMS key without an
 * encryption means `aws:kms`.
 * @throws HelmS3Error `usage`, `invalid-config`: a value that cannot be used, or a key for an encryption that takes no
 *   key
 */
export function objectSettings(flags: SettingFlags, env: Environment): ObjectSettings {
  const { typed, surrounding } = objectSettingSources(flags, env)
  return withDefaults(objectSettingsOf(typed), objectSettingsOf(surrounding))
}

/** With this variable a machine ignores the defaults for objects that repositories set. */
export const REPOSITORY_DEFAULTS = 'HELM_S3_REPOSITORY_DEFAULTS'

/**
 * Whether this machine obeys what a repository says about ACL and encryption. Whoever may write these defaults decides
 * who may read what others push.
 * @throws HelmS3Error `invalid-config`
 */
export function takesRepositoryDefaults(env: Environment): boolean {
  const given = fromEnvironment(env, REPOSITORY_DEFAULTS)
  if (given !== undefined && !isGoTrue(given.value) && !isGoFalse(given.value))
    throw unusable(given, 'must be true or false')
  return !isGoFalse(given?.value)
}

/** One level of settings, each with the place that it comes from. */
export type SourcedObjectSettings = Readonly<Partial<Record<'acl' | 'key' | 'sse' | 'tags', Sourced | undefined>>>

/** The settings of the flags, and those of the environment. */
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

/** Each setting with the place that it comes from: the flag, else the variable. */
export function explicitObjectSettings(flags: SettingFlags, env: Environment): SourcedObjectSettings {
  const { typed, surrounding } = objectSettingSources(flags, env)
  const first = (name: keyof SourcedObjectSettings): Sourced | undefined => typed[name] ?? surrounding[name]
  return { acl: first('acl'), sse: first('sse'), key: first('key'), tags: first('tags') }
}

/**
 * `settings`, completed by `defaults` where `settings` has no value. Encryption and key belong together: a key is used
 * with the encryption that it was given for, or it completes an encryption that takes a key.
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

/**
 * Which of the settings that {@link withDefaults} returns come from `defaults`, under their names in `helm s3 config`.
 */
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

/** The settings as S3 takes them with a PUT. A value that is not set is left out. */
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
 * The settings of one level. Each value is checked by itself and against the others.
 * @throws HelmS3Error as {@link objectSettings}
 */
export function objectSettingsOf({ acl, key, sse, tags }: SourcedObjectSettings): ObjectSettings {
  for (const given of [acl, key, sse]) {
    if (given !== undefined && !TOKEN.test(given.value))
      throw unusable(given, 'only printable characters without spaces can be sent')
  }
  // The Go plugin passes AWS_S3_SSE on as it is, because a store may have kinds of its own.
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
