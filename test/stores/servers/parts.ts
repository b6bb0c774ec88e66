import { spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  KEYS,
  type KillableStore,
  type ServerPlan,
  freePort,
  partsFolder,
  runServer,
} from '../../e2e/support/servers.ts'
import { rawClient } from '../raw-client.ts'

/** The folder that a store is installed in. */
export function storeFolder(name: string): string {
  return join(partsFolder(), 'stores', name)
}

/**
 * Installs a store once: builds it in its folder, which is empty before, and leaves a stamp with the version there.
 * `build` gets the folder.
 */
export async function installOnce(
  name: string,
  version: string,
  build: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = storeFolder(name)
  const stamp = join(folder, '.version')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === version) return
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  await build(folder)
  writeFileSync(stamp, version)
}

/** @throws when there is no such program on the PATH. `how`: where it comes from */
export function need(program: string, how: string): void {
  const { status } = spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program])
  if (status !== 0) throw new Error(`${program} is needed: ${how}`)
}

/** Runs a step of an installation, at low priority. @throws with the end of what it has printed when it fails */
export async function step(
  folder: string,
  program: string,
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
): Promise<void> {
  const log = join(folder, 'install.log')
  const output = openSync(log, 'a')
  const status = await new Promise<number | null>((resolve, reject) => {
    const child = spawn('nice', ['-n', '15', program, ...args], {
      cwd: options.cwd ?? folder,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', output, output],
    })
    child.once('error', reject)
    child.once('exit', resolve)
  })
  closeSync(output)
  if (status === 0) return
  const end = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-15).join('\n')
  throw new Error(`${program} ${args.join(' ')} ended with ${String(status)}; the end of ${log}:\n${end}`)
}

/** The program of a Go module, in `folder`. */
export async function goInstall(folder: string, module: string, version: string): Promise<void> {
  need('go', 'https://go.dev/doc/install')
  await step(folder, 'go', ['install', `${module}@${version}`], {
    env: { GOBIN: folder, GOFLAGS: '', CGO_ENABLED: '0' },
  })
}

/** Packages of Python, in an environment at `folder`. `python`: which one makes it. */
export async function pipInstall(folder: string, python: string, packages: readonly string[]): Promise<void> {
  need(python, 'Python 3 from https://www.python.org or the packages of the system')
  await step(folder, python, ['-m', 'venv', join(folder, 'venv')])
  await step(folder, join(folder, 'venv/bin/pip'), ['install', '--disable-pip-version-check', ...packages])
}

/** A program of a crate, at `folder`/bin. Optimised little, so that it is there in minutes. */
export async function cargoInstall(folder: string, args: readonly string[]): Promise<void> {
  need('cargo', 'https://rustup.rs')
  await step(folder, 'cargo', ['install', '--locked', '--root', folder, ...args], {
    env: {
      CARGO_PROFILE_RELEASE_OPT_LEVEL: '1',
      CARGO_PROFILE_RELEASE_LTO: 'off',
      CARGO_TARGET_DIR: join(folder, 'target'),
    },
  })
  rmSync(join(folder, 'target'), { recursive: true, force: true })
}

/** Milliseconds. A Java server takes a minute on a busy machine. */
const PATIENCE = 180_000

/** What a store says about its start; the port and the folder are given. */
export type Start = Pick<ServerPlan, 'afterwards' | 'args' | 'env' | 'keys' | 'program' | 'region'>

/** Starts an installed store and waits until it takes signed requests. */
export async function startInstalled(
  name: string,
  plan: (place: { readonly port: number; readonly folder: string }) => Start | Promise<Start>,
): Promise<KillableStore> {
  const folder = await mkdtemp(join(tmpdir(), `${name}-`))
  const port = await freePort()
  const start = await plan({ port, folder })
  mkdirSync(join(partsFolder(), 'stores'), { recursive: true })
  const log = join(partsFolder(), 'stores', `${name}.log`)
  rmSync(log, { force: true })
  const { keys = KEYS, region = 'us-east-1' } = start
  const isReady = async (endpoint: string): Promise<boolean> => {
    const { status } = await rawClient({ ...keys, endpoint, region })({ method: 'GET' })
    return status === 200
  }
  return runServer({ patience: PATIENCE, ...start, name, port, folder, log, keys, region, isReady })
}
