import { execFile } from 'node:child_process'

/**
 * Runs a program to its end. @returns what it has printed on stdout and stderr
 * @throws Error with what it has printed, when it fails
 */
export function run(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly input?: string } = {},
): Promise<string> {
  const { input, ...rest } = options
  return new Promise((resolve, reject) => {
    // npm is a script on Windows.
    const shell = process.platform === 'win32' && program === 'npm'
    const child = execFile(program, args, { ...rest, shell, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout + stderr)
      else reject(new Error(`${program} ${args[0] ?? ''}: ${(stderr || stdout || error.message).trim()}`))
    })
    // A program that reads nothing may have ended by now; its status tells how.
    child.stdin?.on('error', () => undefined).end(input ?? '')
  })
}
