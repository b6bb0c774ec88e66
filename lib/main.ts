import { afterChanges, linesWhenEnded } from './after-changes.ts'
import { Changes } from './changes.ts'
import { exitCodesOf, parseArgs } from './args.ts'
import { commandName } from './command.ts'
import { type Config, readConfig } from './config.ts'
import type { Context } from './context.ts'
import { withDeadline } from './deadline.ts'
import { errorText } from './error-text.ts'
import { HelmS3Error, exitStatus, problemStatus } from './errors.ts'
import type { Invocation } from './invocation.ts'
import { Interruption, type Io, type Output, createOutput } from './output.ts'
import { PROGRAM_VERSION } from './program-version.ts'
import { objectDefaults } from './protocol/repository-config.ts'
import { type Session, createSession } from './protocol/session.ts'
import { type ConnectionSettings, connectionSettings } from './settings/connection.ts'
import type { Environment } from './settings/environment.ts'
import { NO_OBJECT_SETTINGS, type ObjectSettings, type ObjectSettingsSource, explicitObjectSettings, keysOfDefaults, objectSettings, takesRepositoryDefaults, withDefaults } from './settings/objects.ts'
import { timeoutFrom } from './settings/timeout.ts'
import type { ObjectStore } from './store/object-store.ts'
import type { Clock } from './sys/clock.ts'
import type { Random } from './sys/random.ts'
import { systemCode } from './sys/system-error.ts'
import { visibleText } from './terminal-text.ts'

/** What an adapter needs to open a bucket. */
export interface StoreOptions {
  readonly bucket: string
  readonly connection: ConnectionSettings
  readonly objectSettings: ObjectSettingsSource
  /** Ends all requests when it is aborted. */
  readonly signal: AbortSignal
  /** Told what was found out on the way: one line each. */
  readonly detail: (line: string) => void
  /** Told, in one line, when the store does not answer and is waited for. */
  readonly notice: (line: string) => void
}

/** The adapters of a run: tests hand in their own. */
export interface Wiring {
  readonly clock: Clock
  readonly random: Random
  /** Name of this machine, for the log. */
  readonly host: string | undefined
  readonly createStore: (options: StoreOptions) => Promise<ObjectStore>
}

/** As in the Go plugin. */
const DEFAULT_TIMEOUT = 5 * 60_000

/** The shell's status of a program that wrote to a closed pipe: 128 + SIGPIPE. */
const BROKEN_PIPE = 141

/**
 * The program: one command line in, its exit status out. Never rejects.
 * 0: done, and stderr names what is left to tidy up; 1: nothing was changed, stderr says why; 3: something was changed,
 * or may have been, and stderr says what: it is not known, or not all of what was asked for; 128 + n: ended by signal
 * n.
 */
export async function main(argv: readonly string[], env: Environment, io: Io, wiring: Wiring): Promise<number> {
  const config = readConfig(env)
  let { isVerbose } = config
  let command = ''
  const changes = new Changes()
  try {
    const invocation = parseArgs(argv)
    if (invocation.kind === 'help') {
      const { helpText } = await import('./help.ts')
      await io.stdout.write(await helpText(invocation.command))
      return 0
    }
    isVerbose ||= invocation.isVerbose
    const { form, isQuiet } = invocation
    command = commandName(invocation.command)
    const output = createOutput(io, { form, isVerbose, isQuiet, hasColor: config.hasColor })
    await run(invocation, { changes, config, env, io, wiring, output })
    await output.flush()
    return output.hasFoundProblems ? problemStatus(hasFineExitCodes(argv, config)) : 0
  } catch (error) {
    return fail(error, io, { changes, command, isVerbose, hasFineExitCodes: hasFineExitCodes(argv, config) })
  }
}

function hasFineExitCodes(argv: readonly string[], config: Config): boolean {
  const given = exitCodesOf(argv)
  return given === undefined ? config.hasFineExitCodes : given === 'fine'
}

interface Surroundings {
  readonly changes: Changes
  readonly config: Config
  readonly env: Environment
  readonly io: Io
  readonly wiring: Wiring
  readonly output: Output
}

async function run(
  { command, args, flags, settings, timeout }: Extract<Invocation, { readonly kind: 'run' }>,
  { changes, config, env, io, wiring: { clock, random, host, createStore }, output }: Surroundings,
): Promise<void> {
  // What is wrong on the command line is said at once, whatever the command does first.
  connectionSettings(settings, undefined, {})
  objectSettings(settings, {})
  const takesDefaults = takesRepositoryDefaults(env)
  const deadline = { timeout: timeout ?? timeoutFrom(env) ?? DEFAULT_TIMEOUT, clock, ...(io.interrupted === undefined ? {} : { interrupted: io.interrupted }) }
  const waiting = once(output.notice)
  await withDeadline(deadline, async (signal) => {
    // What waits for others ends with the requests, and has time to say what became of it.
    const endingClock: Clock = { ...clock, sleep: (milliseconds, own) => clock.sleep(milliseconds, own ?? signal) }
    const openStore = async (bucket: string, query = '', defaults = async (): Promise<ObjectSettings> => NO_OBJECT_SETTINGS, repository = ''): Promise<ObjectStore> => {
      const connection = connectionSettings(settings, new URLSearchParams(query), env)
      const explicit = objectSettings(settings, env)
      const objects: ObjectSettingsSource = async () => {
        const lower = await defaults()
        return { ...withDefaults(explicit, lower), saidBy: { repository, keys: keysOfDefaults(explicit, lower) } }
      }
      return createStore({ bucket, connection, objectSettings: objects, signal, detail: output.detail, notice: waiting })
    }
    const origin = {
      ...(config.user === undefined ? {} : { user: config.user }),
      ...(host === undefined ? {} : { host }),
      tool: `helm-s3/${PROGRAM_VERSION}`,
      command: commandName(command),
    }
    const inBackground: Promise<void>[] = []
    const context: Context = {
      beforeEnd: (work) => inBackground.push(work),
      config,
      output,
      stdin: io.stdin,
      objectSettings: explicitObjectSettings(settings, env),
      takesRepositoryDefaults: takesDefaults,
      openStore: (bucket, query) => openStore(bucket, query),
      openSession: async (location) => {
        const defaults = async (): Promise<ObjectSettings> => (takesDefaults ? objectDefaults(await session.repositoryConfig()) : NO_OBJECT_SETTINGS)
        const store = await openStore(location.bucket, location.query, defaults, location.address)
        const { notice, progress, detail, track } = output
        const { baseFile } = await import('./cache/base-file.ts')
        const place = store.place === undefined ? undefined : JSON.stringify([store.place, location.url])
        const baseCache = place === undefined ? undefined : baseFile(config.helm.cacheFolder, place)
        const told = { notice, progress, detail, track }
        const clocks = { clock: endingClock, random }
        const session: Session = createSession({ store, location, ...clocks, origin, changes, ...told, baseCache })
        return session
      },
    }
    await command.run(context, args, flags)
    await Promise.all(inBackground)
  })
  if (changes.leftover !== undefined) output.notice(`helm-s3: ${changes.leftover}`)
}

/** Of stores that are opened more than once, one says that it is waited for. */
function once(notice: (line: string) => void): (line: string) => void {
  const said = new Set<string>()
  return (line) => {
    if (!said.has(line)) notice(line)
    said.add(line)
  }
}

interface Failing {
  readonly changes: Changes
  readonly command: string
  readonly hasFineExitCodes: boolean
  readonly isVerbose: boolean
}

async function fail(error: unknown, { stderr }: Io, failing: Failing): Promise<number> {
  const { changes, command, hasFineExitCodes, isVerbose } = failing
  const say = (text: string): Promise<void> => stderr.write(visibleText(text)).catch(() => undefined)
  if (error instanceof Interruption) {
    for (const line of linesWhenEnded(changes)) await say(`helm-s3: ${line}\n`)
    return error.exitStatus
  }
  if (systemCode(error) === 'EPIPE') return BROKEN_PIPE
  const told = afterChanges(error, changes, command, isVerbose)
  if (changes.leftover !== undefined) await say(`helm-s3: ${changes.leftover}\n`)
  await say(errorText(told, isVerbose))
  return told instanceof HelmS3Error ? exitStatus(told.code, hasFineExitCodes) : 1
}
