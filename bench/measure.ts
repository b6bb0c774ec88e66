import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sample } from './result.ts'

export interface Call {
  readonly program: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Where stdout goes, as a file; undefined: nowhere. */
  readonly stdout?: string
}

/** GNU time: asks the kernel about the process when it has ended. */
const GNU_TIME = '/usr/bin/time'
const POLL = 4
const MILLISECONDS_OF_TICK = 10

let calls = 0

/**
 * Runs a program to its end and measures it from outside. CPU time and memory come from GNU time where it is installed,
 * which adds about a millisecond; else from what /proc said last, every 4 ms; else they are undefined.
 * @param scratch a folder for files of this call
 * @param time path of GNU time
 * @throws when the program fails, with its stderr
 */
export async function measure(call: Call, scratch: string, time = GNU_TIME): Promise<Sample> {
  const report = join(scratch, `usage-${String(calls++)}`)
  const hasTime = existsSync(time)
  const line = [...(hasTime ? [time, '-o', report, '-f', '%U %S %M'] : []), call.program, ...call.args]
  const stdout = call.stdout === undefined ? 'ignore' : openSync(call.stdout, 'w')
  const start = performance.now()
  const child = spawn(line[0] ?? '', line.slice(1), {
    env: { ...call.env },
    cwd: call.cwd,
    stdio: ['ignore', stdout, 'pipe'],
  })
  const ended = once(child, 'close')
  let wall = Number.NaN
  child.once('exit', () => {
    wall = performance.now() - start
  })
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const watched = hasTime ? undefined : watch(child)
  try {
    await ended
  } finally {
    watched?.stop()
    if (typeof stdout === 'number') closeSync(stdout)
  }
  if (child.exitCode !== 0) {
    const status = child.exitCode ?? child.signalCode ?? 'no status'
    throw new Error(
      `${[call.program, ...call.args].join(' ').slice(0, 300)}: ${String(status)}\n${stderr.slice(0, 2000)}`,
    )
  }
  const { cpu, memory } = watched === undefined ? readUsage(report) : watched.seen()
  return { wall, cpu, memory }
}

/**
 * Runs several at once. @returns from the first start to the last end, the sum of the CPU times, the greatest of the
 * memories
 */
export async function measureTogether(calls: readonly Call[], scratch: string): Promise<Sample> {
  const start = performance.now()
  const samples = await Promise.all(calls.map((call) => measure(call, scratch)))
  const wall = performance.now() - start
  const known = (values: readonly (number | undefined)[]): number[] => values.filter((value) => value !== undefined)
  const [cpus, memories] = [known(samples.map(({ cpu }) => cpu)), known(samples.map(({ memory }) => memory))]
  return {
    wall,
    cpu: cpus.length === 0 ? undefined : cpus.reduce((sum, cpu) => sum + cpu, 0),
    memory: memories.length === 0 ? undefined : Math.max(...memories),
  }
}

/**
 * Runs subjects in turns, A B A B, so that what slows the machine down slows all of them. @returns the samples by
 * subject
 */
export async function inTurns(subjects: readonly Subject[], runs: number): Promise<Sample[][]> {
  const samples = subjects.map((): Sample[] => [])
  for (let i = 0; i < runs; i++) {
    for (const [n, subject] of subjects.entries()) {
      if (i >= (subject.runs ?? runs)) continue
      await subject.prepare?.()
      samples[n]?.push(await subject.run())
    }
  }
  return samples
}

export interface Subject {
  /** Brings everything into the state before the run; not measured. */
  readonly prepare?: () => Promise<void>
  readonly run: () => Promise<Sample>
  /** At most so many runs, for one that takes long. */
  readonly runs?: number
}

function readUsage(report: string): Pick<Sample, 'cpu' | 'memory'> {
  const [user, system, kilobytes] = readFileSync(report, 'utf8').trim().split(' ').map(Number)
  rmSync(report)
  if (user === undefined || system === undefined || kilobytes === undefined)
    throw new Error(`${GNU_TIME} is not GNU time`)
  return { cpu: (user + system) * 1000, memory: kilobytes * 1024 }
}

/**
 * Looks at a process again and again, until it is stopped. `seen`: what was seen last, undefined where there is no
 * /proc.
 */
function watch({ pid }: ChildProcess): {
  readonly seen: () => Pick<Sample, 'cpu' | 'memory'>
  readonly stop: () => void
} {
  let cpu: number | undefined
  let memory: number | undefined
  const look = async (): Promise<void> => {
    const read = (name: string): Promise<string> => readFile(`/proc/${String(pid)}/${name}`, 'utf8').catch(() => '')
    const [status, stat] = await Promise.all([read('status'), read('stat')])
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]
    if (peak !== undefined) memory = Number(peak) * 1024
    // Fields after the name, which stands in parentheses: the 12th and 13th are user and system time in ticks.
    const [user, system] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13)
    if (user !== undefined && system !== undefined) cpu = (Number(user) + Number(system)) * MILLISECONDS_OF_TICK
  }
  const timer = setInterval(() => void look(), POLL)
  return { seen: () => ({ cpu, memory }), stop: () => clearInterval(timer) }
}
