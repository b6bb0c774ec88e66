import { afterChanges, linesWhenEnded } from './after-changes.ts'
import { exitCodesOf, parseArgs } from './args.ts'
import { Changes } from '../protocol/session/changes.ts'
import { commandName } from '../ui/command.ts'
import { type Config, readConfig } from '../settings/config.ts'
import { withDeadline } from './deadline.ts'
import { errorText } from '../ui/error-text.ts'
import { HelmS3Error, exitStatus, problemStatus } from '../errors.ts'
import type { RunInvocation } from './invocation.ts'
import { type Run, type Wiring, openContext } from './open-context.ts'
import type { RepositoryLocation } from '../core/keys.ts'
import { Interruption, type Io, createOutput } from '../ui/output.ts'
import { withRepositoryNamed } from '../core/repository-hint.ts'
import { connectionSettings } from '../settings/connection.ts'
import type { Environment } from '../settings/environment.ts'
import { objectSettings, takesRepositoryDefaults } from '../settings/objects.ts'
import { timeoutFrom } from '../settings/timeout.ts'
import { systemCode } from '../sys/system-error.ts'
import { visibleText } from '../text/terminal-text.ts'

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
  const opened: RepositoryLocation[] = []
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
    await run(invocation, { changes, opened, config, env, io, wiring, output })
    await output.flush()
    return output.hasFoundProblems ? problemStatus(hasFineExitCodes(argv, config)) : 0
  } catch (error) {
    return fail(error, io, {
      changes,
      repository: opened.at(-1),
      command,
      isVerbose,
      hasFineExitCodes: hasFineExitCodes(argv, config),
    })
  }
}

function hasFineExitCodes(argv: readonly string[], config: Config): boolean {
  const given = exitCodesOf(argv)
  return given === undefined ? config.hasFineExitCodes : given === 'fine'
}

interface Surroundings extends Pick<Run, 'changes' | 'config' | 'env' | 'opened' | 'output' | 'wiring'> {
  readonly io: Io
}

async function run(
  { args, command, flags, settings, timeout }: RunInvocation,
  { io, ...around }: Surroundings,
): Promise<void> {
  const {
    changes,
    env,
    output,
    wiring: { clock },
  } = around
  // What is wrong on the command line is said at once, whatever the command does first.
  connectionSettings(settings, undefined, {})
  objectSettings(settings, {})
  takesRepositoryDefaults(env)
  const interrupted = io.interrupted === undefined ? {} : { interrupted: io.interrupted }
  await withDeadline(
    { timeout: timeout ?? timeoutFrom(env) ?? DEFAULT_TIMEOUT, clock, ...interrupted },
    async (signal) => {
      const { allDone, context } = openContext({ ...around, command, settings, stdin: io.stdin, signal })
      await command.run(context, args, flags)
      await allDone()
    },
  )
  if (changes.leftover !== undefined) output.notice(`helm-s3: ${changes.leftover}`)
}

interface Failing {
  readonly changes: Changes
  /** That which hints are about. */
  readonly repository: RepositoryLocation | undefined
  readonly command: string
  readonly hasFineExitCodes: boolean
  readonly isVerbose: boolean
}

async function fail(error: unknown, { stderr }: Io, failing: Failing): Promise<number> {
  const { changes, command, hasFineExitCodes, isVerbose, repository } = failing
  const say = (text: string): Promise<void> => stderr.write(visibleText(text)).catch(() => undefined)
  if (error instanceof Interruption) {
    for (const line of linesWhenEnded(changes)) await say(`helm-s3: ${line}\n`)
    return error.exitStatus
  }
  if (systemCode(error) === 'EPIPE') return BROKEN_PIPE
  const told = withRepositoryNamed(afterChanges(error, changes, command, isVerbose), repository)
  if (changes.leftover !== undefined) await say(`helm-s3: ${changes.leftover}\n`)
  await say(errorText(told, isVerbose))
  return told instanceof HelmS3Error ? exitStatus(told.code, hasFineExitCodes) : 1
}
