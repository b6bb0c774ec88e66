import { cp, mkdtemp, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { run } from '../run.ts'
import { bunRuntime } from './bun-runtime.ts'
import { type Target, bunTarget, hostTarget } from './targets.ts'

/** Bun says so and ends with status 0; the executable that it leaves fails at every start. */
const TRAP = 'Failed to generate bytecode'

/** How many times later than by itself Bun begins to compile; see lib/launch/jit-policy.ts. */
const JIT_SCALE = 10

/**
 * Compiles the bundle to a self-contained executable. The same bundle gives the same bytes, wherever it lies.
 *
 * The `--no-compile-autoload` flags are a matter of security: without them the executable takes variables from a
 * `.env`, and runs the `preload` of a `bunfig.toml`, in whatever folder its user stands. The bundle is minified
 * already: Bun would rename classes, and with them the errors of the SDK.
 * @throws Error when the executable is not right: then there is none
 */
export async function compile(bundle: string, target: Target, version: string, outfile: string): Promise<void> {
  const host = hostTarget()
  const bun = await bunRuntime(host)
  const crossFlags =
    target === host ? [] : [`--target=${bunTarget(target)}`, `--compile-executable-path=${await bunRuntime(target)}`]
  const draft = await mkdtemp(join(dirname(outfile), '.draft-'))
  try {
    // Bun writes the path of its input, as it is given, into the executable.
    await cp(bundle, join(draft, 'helm-s3.cjs'))
    const flags = [
      '--compile',
      '--bytecode',
      `--compile-jit-policy=${String(JIT_SCALE)}`,
      '--no-compile-autoload-dotenv',
      '--no-compile-autoload-bunfig',
      ...crossFlags,
    ]
    const said = await run(bun, ['build', 'helm-s3.cjs', ...flags, `--outfile=${target.program}`], { cwd: draft })
    if (said.includes(TRAP)) throw new Error(said.trim())
    if (target === host) await tryOut(join(draft, target.program), version)
    await rename(join(draft, target.program), outfile)
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

async function tryOut(program: string, version: string): Promise<void> {
  const answer = await run(program, ['version'])
  if (answer !== `${version}\n`) throw new Error(`the executable answers ${JSON.stringify(answer)} to \`version\``)
}
