import type { Context } from '../../ui/context.ts'
import {
  CONFIG_KEYS,
  type ConfigKey,
  type ConfigTexts,
  type DecodedConfig,
  changeConfig,
  decodeConfig,
  encodeConfig,
  isConfigKey,
} from '../../settings/repository-config.ts'
import { formatDuration } from '../../text/duration.ts'
import { HelmS3Error } from '../../errors.ts'
import { REPOSITORY_DEFAULTS } from '../../settings/objects.ts'
import { DEFAULT_GRACE_WINDOW } from '../../protocol/session/limits.ts'
import { requireRepository } from '../../protocol/read/require-repository.ts'
import { lookAtConfig } from '../../protocol/read/read-config.ts'
import { writeRepositoryConfig } from '../../protocol/write/write-config.ts'
import type { Session } from '../../protocol/session/session.ts'
import { renderTable, singleLine } from '../../ui/table.ts'
import { openRepository } from '../steps/open-repository.ts'

export interface ConfigCommand {
  /** Name or URI, as typed. */
  readonly repository: string
  /** `KEY=VALUE`, as typed. */
  readonly changes: readonly string[]
  /** Keys, as typed. */
  readonly unset: readonly string[]
}

/** The value of a setting, and where it comes from. Undefined: nothing sets it. */
interface Setting {
  readonly key: ConfigKey
  readonly value: string | undefined
  readonly from: string | undefined
}

/** The values that apply when nothing else sets them. */
const BUILT_IN: ConfigTexts = {
  relative: 'false',
  'literal-plus': 'false',
  'grace-window': formatDuration(DEFAULT_GRACE_WINDOW),
}

/** `helm s3 config REPO`: the defaults that a repository keeps. Cost: HEAD and GET; a change one PUT more. */
export async function config(context: Context, { changes, repository, unset }: ConfigCommand): Promise<void> {
  const typed = readChanges(changes, unset)
  changeConfig({}, typed)
  const session = await openRepository(context, repository)
  await requireRepository(session)
  const isChange = Object.keys(typed).length > 0
  const { decoded, isWritten } = isChange
    ? await write(session, typed)
    : { decoded: (await lookAtConfig(session)).decoded, isWritten: false }

  const { ignored, texts } = decoded
  for (const reason of ignored)
    context.output.notice(`helm-s3: ignored in ${session.location.configKey}: ${singleLine(reason)}`)
  const settings = CONFIG_KEYS.map((key) => settingOf(context, texts, key))
  const rows = settings.map(({ from, key, value }) => [key, singleLine(value ?? '-'), from ?? '-'])
  context.output.result(renderTable(['KEY', 'VALUE', 'FROM'], rows), {
    repository: session.location.url,
    written: isWritten,
    settings: settings.map(({ from, key, value }) => ({
      key,
      value: value ?? null,
      from: from ?? null,
      repository: texts[key] ?? null,
    })),
    ignored,
  })
}

type Changes = Readonly<Partial<Record<ConfigKey, string | undefined>>>

/** @throws HelmS3Error `usage` */
function readChanges(changes: readonly string[], unset: readonly string[]): Changes {
  const read: Partial<Record<ConfigKey, string | undefined>> = {}
  const note = (key: string, value: string | undefined): void => {
    if (!isConfigKey(key))
      throw new HelmS3Error('usage', `there is no setting ${JSON.stringify(key)}`, {
        hint: `the settings are ${CONFIG_KEYS.join(', ')}`,
      })
    if (Object.hasOwn(read, key)) throw new HelmS3Error('usage', `${key} is given twice`, { hint: 'give it only once' })
    read[key] = value
  }
  for (const change of changes) {
    const mark = change.indexOf('=')
    if (mark < 0)
      throw new HelmS3Error('usage', `${JSON.stringify(change)} is not KEY=VALUE`, {
        hint: `the keys are ${CONFIG_KEYS.join(', ')}`,
      })
    note(change.slice(0, mark), change.slice(mark + 1))
  }
  for (const key of unset) note(key, undefined)
  return read
}

async function write(
  session: Session,
  changes: Changes,
): Promise<{ readonly decoded: DecodedConfig; readonly isWritten: boolean }> {
  const { document, isWritten } = await writeRepositoryConfig(session, (before) => changeConfig(before, changes))
  return { decoded: decodeConfig(encodeConfig(document, '')), isWritten }
}

function settingOf({ objectSettings, takesRepositoryDefaults }: Context, texts: ConfigTexts, key: ConfigKey): Setting {
  const explicit = { acl: objectSettings.acl, sse: objectSettings.sse, 'sse-kms-key-id': objectSettings.key }
  const given = key in explicit ? explicit[key as keyof typeof explicit] : undefined
  if (given !== undefined) return { key, ...given }
  if (texts[key] !== undefined && key in explicit && !takesRepositoryDefaults)
    return { key, value: undefined, from: REPOSITORY_DEFAULTS }
  if (texts[key] !== undefined) return { key, value: texts[key], from: 'repository' }
  const value = BUILT_IN[key]
  return { key, value, from: value === undefined ? undefined : 'built-in' }
}
