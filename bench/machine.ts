import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { cpus, release, totalmem, type } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { BenchOptions } from './options.ts'
import { ROOT } from './programs.ts'
import type { BenchStore } from './stores.ts'

/** On what the numbers were measured. */
export interface Machine {
  readonly machine: {
    readonly cores: number
    readonly cpu: string
    /** Bytes. */
    readonly memory: number
    readonly system: string
  }
  /** Of each program, by its name. */
  readonly versions: Readonly<Record<string, string>>
}

export async function describeMachine(
  { before, helm, minio, peer, toxiproxy }: BenchOptions,
  { name }: Pick<BenchStore, 'name'>,
): Promise<Machine> {
  const versions: Record<string, string> = {
    'helm-s3': packageVersion('package.json'),
    'Node.js': process.versions.node,
  }
  const bun = join('node_modules', 'bun', 'package.json')
  if (existsSync(join(ROOT, bun)) && existsSync(join(ROOT, 'dist', 'helm-s3'))) versions.Bun = packageVersion(bun)
  versions.store = minio === undefined ? name : await firstAnswer(minio, ['--version'])
  if (helm !== undefined) versions.Helm = await firstAnswer(helm, ['version', '--short'])
  if (peer !== undefined) versions['peer (hypnoglow/helm-s3)'] = await firstAnswer(peer, ['version'])
  if (before !== undefined) versions['before (an earlier build)'] = await firstAnswer(before, ['version'])
  versions.distance =
    toxiproxy === undefined ? 'own relay (bench/relay.ts)' : `toxiproxy ${await firstAnswer(toxiproxy, ['-version'])}`
  return {
    machine: {
      cores: cpus().length,
      cpu: cpuName(cpus()[0]?.model ?? ''),
      memory: totalmem(),
      system: `${type()} ${release()}`,
    },
    versions,
  }
}

/** A short name for files: `2-cores-intel-xeon-8175m`. */
export function machineSlug({ machine }: Machine): string {
  const cpu = machine.cpu.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  return `${String(machine.cores)}-cores-${cpu}`.replace(/^-+|-+$/g, '')
}

/** `Intel(R) Xeon(R) Platinum 8175M CPU @ 2.50GHz` → `Intel Xeon Platinum 8175M` */
function cpuName(model: string): string {
  const name = model
    .replace(/\((R|TM)\)/gi, '')
    .replace(/@.*$/, '')
    .replace(/\b(CPU|Processor)\b/g, '')
  return name.replace(/\s+/g, ' ').trim() || 'unknown CPU'
}

function packageVersion(file: string): string {
  return (JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as { version: string }).version
}

async function firstAnswer(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, [...args])
  return stdout.trim().split('\n', 1)[0] ?? ''
}
