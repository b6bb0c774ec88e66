import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const SOURCE = join(import.meta.dirname, 'porcupine')

/** What the other program says of the searches in a history. */
export interface SecondOpinion {
  readonly checked: number
  /** Those of which it says something else than our own search. */
  readonly disagreements: readonly string[]
}

/**
 * Lets porcupine (github.com/anishathalye/porcupine) search for an order in the same histories.
 * @param file JSONL with the `register` lines of a judged history
 * @returns a text that says why there is none: Go is needed to build it
 */
export async function askPorcupine(file: string, folder: string): Promise<SecondOpinion | string> {
  const program = build(folder)
  if (program === undefined) return 'not asked: Go, which builds it, is missing'
  const { status, stderr, stdout } = await run(program, file)
  if (status !== 0) return `failed: ${stderr.trim()}`
  return JSON.parse(stdout) as SecondOpinion
}

/** @returns the program; undefined: it cannot be built here */
function build(folder: string): string | undefined {
  const program = join(folder, 'porcupine')
  if (existsSync(program)) return program
  const { error, status, stderr } = spawnSync('go', ['build', '-o', program, '.'], {
    cwd: SOURCE,
    env: { ...process.env, GOFLAGS: '-mod=readonly' },
    encoding: 'utf8',
  })
  if (error !== undefined) return undefined
  if (status !== 0) throw new Error(`porcupine cannot be built: ${stderr}`)
  return program
}

function run(program: string, file: string): Promise<{ status: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [file], { stdio: ['ignore', 'pipe', 'pipe'] })
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.once('error', reject)
    child.once('close', (status) => resolve({ status, stdout, stderr }))
  })
}
