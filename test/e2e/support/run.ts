import { type ChildProcess, spawn } from 'node:child_process'

export interface Result {
  /** Exit status; null: ended by a signal. */
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  readonly result: Promise<Result>
}

const LONGEST = 120_000

/**
 * Starts a program with its output captured. It is ended after two minutes. @param input what it reads from standard
 * input
 */
export function start(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  cwd?: string,
  input: Uint8Array = new Uint8Array(),
): Running {
  const child = spawn(program, args, { env: { ...env }, cwd, stdio: 'pipe', timeout: LONGEST, killSignal: 'SIGKILL' })
  // A program may end without reading it.
  child.stdin.on('error', () => undefined).end(input)
  const result = new Promise<Result>((resolve, reject) => {
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.once('error', reject)
    child.once('close', (status) => resolve({ status, stdout, stderr }))
  })
  return { child, result }
}

export function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  cwd?: string,
): Promise<Result> {
  return start(program, args, env, cwd).result
}
