import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RunningStore } from '../e2e/support/servers.ts'
import type { KnownContract } from './servers/store-under-test.ts'

/** What the contract of an object store has shown on a store. */
export interface ContractReport {
  readonly passes: number
  /** Titles of what fails. */
  readonly fails: readonly string[]
}

interface MochaReport {
  readonly passes: readonly { readonly fullTitle: string }[]
  readonly failures: readonly { readonly fullTitle: string; readonly err: { readonly message?: string } }[]
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PREFIX = 'the contract of an object store: S3 '
/** Milliseconds: for one test, and for all. */
const TEST = 120_000
const SUITE = 1_200_000

/** Runs the contract in a process of its own. */
export async function runContract(
  store: RunningStore,
  { limits = {} }: KnownContract,
  say: (line: string) => void,
): Promise<ContractReport> {
  const folder = await mkdtemp(join(tmpdir(), 'contract-'))
  const report = join(folder, 'report.json')
  const args = [
    join(ROOT, 'node_modules/mocha/bin/mocha.js'),
    '--no-config',
    '--node-option=import=tsx',
    '--node-option=no-experimental-require-module',
    `--timeout=${String(TEST)}`,
    '--exit',
    '--reporter=json',
    `--reporter-option=output=${report}`,
    fileURLToPath(new URL('contract-suite.ts', import.meta.url)),
  ]
  const { accessKeyId, endpoint, region, secretAccessKey } = store
  const under = JSON.stringify({ accessKeyId, endpoint, region, secretAccessKey, limits })
  try {
    const printed = await runMocha(args, { ...process.env, STORE_UNDER_TEST: under })
    const text = await readFile(report, 'utf8').catch(() => undefined)
    if (text === undefined) throw new Error(`the contract does not run: ${printed}`)
    const { failures, passes } = JSON.parse(text) as MochaReport
    for (const { err, fullTitle } of failures)
      say(`  contract: ${shortTitle(fullTitle)}: ${oneLine(err.message ?? '')}`)
    return { passes: passes.length, fails: failures.map(({ fullTitle }) => shortTitle(fullTitle)).sort() }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** @returns what it has printed; its status says no more than the report */
function runMocha(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve) => {
    const options = { cwd: ROOT, env, timeout: SUITE, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 * 1024 } as const
    execFile(process.execPath, args, options, (_, stdout, stderr) => {
      resolve(`${stdout}${stderr}`)
    })
  })
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, 300)
}

function shortTitle(title: string): string {
  return title.startsWith(PREFIX) ? title.slice(PREFIX.length) : title
}

/** What differs from what is known of the store: a failure that is not known, and a known one that did not come. */
export function contractSurprises({ fails }: ContractReport, known: KnownContract): readonly string[] {
  const { fails: expected = [], mayFail = [] } = known
  return [
    ...fails
      .filter((title) => !expected.includes(title) && !mayFail.includes(title))
      .map((title) => `the contract fails: ${title}`),
    ...expected.filter((title) => !fails.includes(title)).map((title) => `a known limit is no longer there: ${title}`),
  ]
}
