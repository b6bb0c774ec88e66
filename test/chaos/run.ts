import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Verdict, judge } from './judge.ts'
import type { ChaosOptions } from './options.ts'
import { COPIED, VERSIONS, planRound } from './plan.ts'
import { askPorcupine } from './porcupine.ts'
import { SOURCE } from './arguments.ts'
import { type Round, readRounds } from './records.ts'
import { runRound } from './run-round.ts'
import { type Stage, openStage } from './stage.ts'
import { Summary } from './summary.ts'

/** Milliseconds. How long a process may take, waiting included, before it is killed. */
const PATIENCE = 6000
const LONG_PATIENCE = 240_000

export interface Outcome {
  /** What is printed at the end. */
  readonly summary: string
  /** One text each, with its round. */
  readonly violations: readonly string[]
  /** Where the history is kept; undefined: it is not. */
  readonly folder: string | undefined
}

export interface Hooks {
  /** What is going on, one line. */
  readonly say: (text: string) => void
  /** Aborted: the run ends as soon as all that was started has ended. */
  readonly signal: AbortSignal
}

/**
 * Plays the rounds that the options ask for, and judges each of them.
 * @throws Error when they cannot be played: a part is missing, or the store fails
 */
export async function playRounds(options: ChaosOptions, { say, signal }: Hooks): Promise<Outcome> {
  const folder = historyFolder(options)
  const file = join(folder, 'history.jsonl')
  const write = (record: object): void => appendFileSync(file, `${JSON.stringify(record)}\n`)
  const stage = await openStage(options)
  const stop = (): void => stage.processes.endAll()
  signal.addEventListener('abort', stop)
  const had = {
    clocks: stage.clock !== undefined,
    fullDisk: stage.hasFullDisk,
    outages: stage.store.mayDie,
  }
  const summary = new Summary()
  const violations: string[] = []
  const began = performance.now()
  try {
    await makeSource(stage)
    for (let i = options.from; i < options.from + options.rounds && !signal.aborted; i++) {
      const { form, mix, pace, patience = pace === 'long' ? LONG_PATIENCE : PATIENCE } = options
      const plan = planRound(options.seed, i, { form, pace, mix, kinds: stage.subject.kinds })
      const round = await runRound(stage, plan, { patience, write })
      const verdict = judge(round)
      keepVerdict(write, verdict, i)
      summary.add(round, verdict, had)
      violations.push(...verdict.violations.map((each) => `round ${String(i)} (${plan.mix}): ${each}`))
      say(progress(i - options.from + 1, options.rounds, summary, violations.length))
      if (violations.length > 0 && options.stopsAtFirst) break
    }
    const seconds = (performance.now() - began) / 1000
    const opinion = await secondOpinion(file, stage.folder, violations)
    const isKept = options.keeps || violations.length > 0 || options.folder !== undefined
    if (!isKept) rmSync(folder, { recursive: true, force: true })
    return { summary: summary.text(seconds, stage.skipped, opinion), violations, folder: isKept ? folder : undefined }
  } catch (error) {
    if (signal.aborted) throw new Error(`interrupted; what was recorded is in ${folder}`, { cause: error })
    throw new Error(`${(error as Error).message} (recorded so far: ${folder})`, { cause: error })
  } finally {
    signal.removeEventListener('abort', stop)
    await stage.close()
  }
}

/** Judges a recorded history again. It is not changed; what porcupine reads is written beside the temporary files. */
export async function replay(file: string): Promise<Outcome> {
  const rounds = readRounds(await readFile(file, 'utf8'))
  if (rounds.length === 0) throw new Error(`${file} holds no round`)
  const folder = mkdtempSync(join(tmpdir(), 'helm-s3-chaos-replay-'))
  try {
    const judged = join(folder, 'judged.jsonl')
    const summary = new Summary()
    const violations: string[] = []
    for (const round of rounds) {
      const verdict = judge(round)
      keepVerdict((record) => appendFileSync(judged, `${JSON.stringify(record)}\n`), verdict, round.head.plan.round)
      summary.add(round, verdict, { clocks: true, fullDisk: true, outages: true })
      violations.push(...verdict.violations.map((each) => `round ${String(round.head.plan.round)}: ${each}`))
    }
    const opinion = await secondOpinion(judged, folder, violations)
    const seconds = rounds.reduce((sum, { end }: Round) => sum + end.seconds, 0)
    return { summary: summary.text(seconds, [], opinion), violations, folder: undefined }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The searches, for porcupine; and what was found, for people. */
function keepVerdict(write: (record: object) => void, verdict: Verdict, round: number): void {
  const { remarks, residues, searches, violations } = verdict
  for (const search of searches) write(search)
  write({ type: 'verdict', round, violations, residues, remarks })
}

async function secondOpinion(file: string, folder: string, violations: string[]): Promise<string> {
  const opinion = await askPorcupine(file, folder)
  if (typeof opinion === 'string') {
    if (opinion.startsWith('failed')) violations.push(`porcupine ${opinion}`)
    return opinion
  }
  violations.push(...opinion.disagreements.map((each) => `the two searches do not agree: ${each}`))
  return `${String(opinion.checked)} checked, ${String(opinion.disagreements.length)} times of another opinion`
}

function historyFolder({ folder, seed }: ChaosOptions): string {
  if (folder === undefined) return mkdtempSync(join(tmpdir(), `helm-s3-chaos-${String(seed)}-`))
  mkdirSync(folder, { recursive: true })
  return folder
}

/** The repository from which `copy` takes its charts. */
async function makeSource(stage: Stage): Promise<void> {
  const env = stage.environment(0, new URL(stage.store.endpoint).host)
  const url = `s3://${stage.bucket}/${SOURCE}`
  for (const args of [
    ['init', url],
    ['push', ...VERSIONS.map((version) => stage.archive(version, COPIED)), url],
  ]) {
    const { status, stderr } = await stage.processes.start([...stage.own, ...args], env, stage.folder).result
    if (status !== 0) throw new Error(`${args[0] ?? ''} of the source fails: ${stderr}`)
  }
}

function progress(done: number, all: number, { kills, operations }: Summary, violations: number): string {
  return (
    `${String(done)} of ${String(all)} rounds, ${String(operations)} operations, ${String(kills)} kills, ` +
    `${String(violations)} violations`
  )
}
