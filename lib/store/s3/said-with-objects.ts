import {
  NO_OBJECT_SETTINGS,
  type ObjectParameters,
  type ObjectSettingsSource,
  type SaidByRepository,
  objectParameters,
} from '../../settings/objects.ts'
import type { PutOptions } from '../object-store.ts'

/** The settings for every object, and which of them come from the repository. */
export interface Said {
  readonly says: ObjectParameters
  readonly saidBy: SaidByRepository | undefined
}

/** What is said with every object that is written. The source is asked once, before the first write. */
export class SaidWithObjects {
  readonly #source: ObjectSettingsSource
  #said: Promise<Said> | undefined

  constructor(source: ObjectSettingsSource = async () => NO_OBJECT_SETTINGS) {
    this.#source = source
  }

  find(): Promise<Said> {
    return (this.#said ??= this.#source().then(({ saidBy, ...settings }) => ({
      says: objectParameters(settings),
      saidBy,
    })))
  }
}

/** The headers for the settings of an object that is written. */
export function headersSaying(
  says: ObjectParameters,
  { contentType = 'application/octet-stream', metadata = {} }: Pick<PutOptions, 'contentType' | 'metadata'>,
): Readonly<Record<string, string | undefined>> {
  return {
    'content-type': contentType,
    'x-amz-acl': says.ACL,
    'x-amz-server-side-encryption': says.ServerSideEncryption,
    'x-amz-server-side-encryption-aws-kms-key-id': says.SSEKMSKeyId,
    'x-amz-tagging': says.Tagging,
    ...Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value])),
  }
}
