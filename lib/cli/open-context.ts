import type { Changes } from '../protocol/session/changes.ts'
import { type Command, commandName } from '../ui/command.ts'
import type { Config } from '../settings/config.ts'
import type { Context } from '../ui/context.ts'
import type { Origin } from '../core/log/delta.ts'
import type { RepositoryLocation } from '../core/keys.ts'
import type { Output, Source } from '../ui/output.ts'
import { PROGRAM_VERSION } from '../program-version.ts'
import type { BaseCache } from '../protocol/session/base-cache.ts'
import { objectDefaults } from '../protocol/read/config-defaults.ts'
import { createSession } from '../protocol/open-session.ts'
import type { PagingLimits, Session } from '../protocol/session/session.ts'
import { type ConnectionSettings, connectionSettings } from '../settings/connection.ts'
import type { Environment } from '../settings/environment.ts'
import {
  NO_OBJECT_SETTINGS,
  type ObjectSettings,
  type ObjectSettingsSource,
  explicitObjectSettings,
  keysOfDefaults,
  objectSettings,
  takesRepositoryDefaults,
  withDefaults,
} from '../settings/objects.ts'
import type { SettingFlags } from '../settings/sources.ts'
import type { ObjectStore } from '../store/object-store.ts'
import type { Clock } from '../sys/clock.ts'
import type { Random } from '../sys/random.ts'

/** What an adapter needs to open a bucket. */
export interface StoreOptions {
  readonly bucket: string
  readonly connection: ConnectionSettings
  readonly objectSettings: ObjectSettingsSource
  /** Ends all requests when it is aborted. */
  readonly signal: AbortSignal
  /** Is told how the bucket was reached: one line each. */
  readonly detail: (line: string) => void
  /** Is told, in one line, when the store does not answer and the command waits for it. */
  readonly notice: (line: string) => void
}

/** The adapters of a run: tests pass their own. */
export interface Wiring {
  readonly clock: Clock
  readonly random: Random
  /** Name of this machine, for the log. */
  readonly host: string | undefined
  readonly createStore: (options: StoreOptions) => Promise<ObjectStore>
  /** How large pages and parts are. Undefined: as the limits of S3 have it. */
  readonly paging?: PagingLimits | undefined
}

/** A command that is about to run, and everything around it. */
export interface Run {
  readonly command: Command
  /** The setting flags of its command line. */
  readonly settings: SettingFlags
  readonly changes: Changes
  /** Gets every repository that the command opens. */
  readonly opened: RepositoryLocation[]
  readonly config: Config
  readonly env: Environment
  readonly output: Output
  readonly stdin: Source
  readonly wiring: Wiring
  /** Ends all requests when it is aborted. */
  readonly signal: AbortSignal
}

/** A context, and what waits for the work that its command has left to `beforeEnd`. */
export interface OpenContext {
  readonly context: Context
  readonly allDone: () => Promise<void>
}

/**
 * The context of one command. Nothing is sent yet.
 * @throws HelmS3Error `usage`, `invalid-config`: a setting that cannot be used
 */
export function openContext(run: Run): OpenContext {
  const { config, env, output, settings, stdin } = run
  const opener: Opener = { ...run, waiting: once(output.notice) }
  const inBackground: Promise<void>[] = []
  const context: Context = {
    config,
    output,
    stdin,
    objectSettings: explicitObjectSettings(settings, env),
    takesRepositoryDefaults: takesRepositoryDefaults(env),
    openStore: async (bucket, query) => openStore(opener, bucket, query, objectSettingsAlone(opener)),
    openSession: (location) => openSession(opener, location),
    beforeEnd: (work) => void inBackground.push(work),
  }
  return { context, allDone: async () => void (await Promise.all(inBackground)) }
}

interface Opener extends Run {
  /** Says that a store is waited for: once, however many stores are opened. */
  readonly waiting: (line: string) => void
}

async function openSession(opener: Opener, location: RepositoryLocation): Promise<Session> {
  const {
    changes,
    output: { detail, notice, progress, track },
    signal,
    wiring: { clock, paging, random },
  } = opener
  opener.opened.push(location)
  const defaults = async (): Promise<ObjectSettings> => objectDefaults(await session.repositoryConfig())
  const store = await openStore(opener, location.bucket, location.query, objectSettingsIn(opener, location, defaults))
  const session: Session = createSession({
    store,
    location,
    clock: endingWith(clock, signal),
    random,
    origin: originOf(opener),
    changes,
    notice,
    progress,
    detail,
    track,
    baseCache: await baseCacheOf(opener, store, location),
    ...(paging === undefined ? {} : { paging }),
  })
  return session
}

/** @param query that of the URL which names the bucket */
function openStore(
  { env, output, settings, signal, waiting, wiring }: Opener,
  bucket: string,
  query = '',
  settingsOfObjects: ObjectSettingsSource,
): Promise<ObjectStore> {
  const connection = connectionSettings(settings, new URLSearchParams(query), env)
  return wiring.createStore({
    bucket,
    connection,
    objectSettings: settingsOfObjects,
    signal,
    detail: output.detail,
    notice: waiting,
  })
}

/** How every object is written, as command line and environment set it. */
function objectSettingsAlone({ env, settings }: Run): ObjectSettingsSource {
  const explicit = objectSettings(settings, env)
  return async () => explicit
}

/** The same in a repository, whose defaults apply where command line and environment set nothing. */
function objectSettingsIn(
  { env, settings }: Run,
  { address }: RepositoryLocation,
  defaults: () => Promise<ObjectSettings>,
): ObjectSettingsSource {
  const explicit = objectSettings(settings, env)
  return async () => {
    const lower = takesRepositoryDefaults(env) ? await defaults() : NO_OBJECT_SETTINGS
    return { ...withDefaults(explicit, lower), saidBy: { repository: address, keys: keysOfDefaults(explicit, lower) } }
  }
}

/** Who makes the changes, as the log shows it. */
function originOf({ command, config: { user }, wiring: { host } }: Run): Origin {
  return {
    ...(user === undefined ? {} : { user }),
    ...(host === undefined ? {} : { host }),
    tool: `helm-s3/${PROGRAM_VERSION}`,
    command: commandName(command),
  }
}

/** The base as this machine has last seen it; undefined for a store that does not say where it is. */
async function baseCacheOf(
  { config }: Run,
  { place }: ObjectStore,
  { url }: RepositoryLocation,
): Promise<BaseCache | undefined> {
  if (place === undefined) return undefined
  const { baseFile } = await import('../disk/base-file.ts')
  return baseFile(config.helm.cacheFolder, JSON.stringify([place, url]))
}

/** Whoever waits for other clients stops when the requests end, and has time to say what became of the command. */
function endingWith(clock: Clock, signal: AbortSignal): Clock {
  return { ...clock, sleep: (milliseconds, own) => clock.sleep(milliseconds, own ?? signal) }
}

/** Passes each line on once. */
function once(notice: (line: string) => void): (line: string) => void {
  const said = new Set<string>()
  return (line) => {
    if (!said.has(line)) notice(line)
    said.add(line)
  }
}
