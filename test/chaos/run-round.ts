import { mkdir, readFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256 } from '../../lib/sys/sha256.ts'
import { part, pause } from '../e2e/support/servers.ts'
import { argumentsOf, pullFolder } from './arguments.ts'
import { type PlannedOperation, type RoundPlan, textOf } from './plan.ts'
import { lookAround } from './look-around.ts'
import { damageIndex, killStore } from './mishaps.ts'
import { type ChaosProxy, type Forwarded, startChaosProxy } from './proxy.ts'
import type { ChaosRecord, DeltaRecord, EndRecord, OperationRecord, Round, RoundRecord } from './records.ts'
import type { Ended } from './processes.ts'
import { LONGEST, RoundRepository } from './round-repository.ts'
import type { Stage } from './stage.ts'

export interface RoundOptions {
  /** Milliseconds after which a process is killed. */
  readonly patience: number
  /** Called for each record, in the order in which they come. */
  readonly write: (record: ChaosRecord) => void
}

const REPAIR = { versions: [], compacts: true, machine: 0, byName: false, form: 'bundle', clock: 0, helm: 4 } as const

/**
 * Plays one round: a fresh repository, its operations all at once with their faults, and a look at what is left.
 * @throws Error when the round itself cannot be made, which says nothing of the program
 */
export async function runRound(stage: Stage, plan: RoundPlan, { patience, write }: RoundOptions): Promise<Round> {
  const began = performance.now()
  const repository = new RoundRepository(stage, plan)
  const play = new Play(repository, plan, patience)
  const head = await play.prepare()
  write(head)
  const operations: OperationRecord[] = []
  const note = (record: OperationRecord): void => {
    operations.push(record)
    write(record)
  }
  const gap = await play.run(note)
  const repaired = gap === undefined ? undefined : { from: gap, to: await play.repair(note) }
  const found = await lookAround(repository)
  const end: EndRecord = {
    type: 'end',
    round: plan.round,
    ...(repaired === undefined ? {} : { gap: repaired }),
    ...found,
    seconds: (performance.now() - began) / 1000,
  }
  write(end)
  return { head, operations, end }
}

/** One round while it is played. */
class Play {
  readonly #stage: Stage
  readonly #plan: RoundPlan
  readonly #patience: number
  readonly #repository: RoundRepository
  #index: Uint8Array = Buffer.alloc(0)

  constructor(repository: RoundRepository, plan: RoundPlan, patience: number) {
    this.#stage = repository.stage
    this.#plan = plan
    this.#patience = patience
    this.#repository = repository
  }

  /** Makes the repository, with what is there at the start, and homes of Helm that know it. */
  async prepare(): Promise<RoundRecord> {
    const { isPending, start } = this.#plan
    await this.#repository.mustDo('init', this.#repository.url)
    const files = start.map((version) => this.#stage.archive(version, version.content))
    if (files.length > 0)
      await this.#repository.mustDo('push', ...files, this.#repository.url, ...(isPending ? ['--no-compact'] : []))
    this.#index = await this.#repository.readIndex()
    await this.#stage.layOut(this.#repository.url, this.#index)
    return {
      type: 'round',
      plan: this.#plan,
      store: this.#stage.store.name,
      deletesAlways: this.#stage.deletesAlways,
      start: Object.fromEntries(start.map((version) => [textOf(version), version.content])),
    }
  }

  /** All operations, and what happens to index.yaml and to the store meanwhile. @returns when the damage began */
  async run(note: (record: OperationRecord) => void): Promise<number | undefined> {
    const { operations, readers } = this.#plan
    const forReaders = await startChaosProxy(this.#stage.store.endpoint, {
      network: readers,
      killAt: undefined,
      kill: () => undefined,
    })
    try {
      // All of it has to end before the store may be stopped, also when something fails.
      const ends = await Promise.allSettled([
        damageIndex(this.#plan, this.#repository, this.#index),
        killStore(this.#plan, this.#repository),
        ...operations
          .filter(({ kind }) => kind !== 'pull' || this.#stage.canPull)
          .map(async (operation) => note(await this.#operate(operation, forReaders))),
      ])
      await forReaders.idle()
      for (const end of ends) if (end.status === 'rejected') throw end.reason
      return ends[0].status === 'fulfilled' ? ends[0].value : undefined
    } finally {
      await forReaders.close()
    }
  }

  /** Repairs a damaged repository as its owner would. @returns when that was done */
  async repair(note: (record: OperationRecord) => void): Promise<number> {
    const quiet = { ...REPAIR, at: 0, process: undefined, network: [] }
    for (const [name, kind] of [
      ['repair', 'check-fix'],
      ['completion', 'reindex'],
    ] as const)
      note(await this.#operate({ ...quiet, name, kind }, undefined, LONGEST))
    return performance.now()
  }

  /** Runs one operation with its faults, and waits until nothing of it is on its way any more. */
  async #operate(
    operation: PlannedOperation,
    forReaders?: ChaosProxy,
    patience = this.#patience,
  ): Promise<OperationRecord> {
    const { at, form, kind, name, process: fault, ...planned } = operation
    await pause(at)
    let kill = (): void => undefined
    const killAt = fault?.kind === 'kill-at' ? fault : undefined
    const isReader = kind === 'read' && forReaders !== undefined
    const proxy = isReader
      ? forReaders
      : await startChaosProxy(this.#stage.store.endpoint, { network: planned.network, killAt, kill: () => kill() })
    try {
      if (kind === 'pull') await mkdir(pullFolder(this.#stage, name), { recursive: true })
      const args = argumentsOf(this.#stage, operation, this.#repository.url)
      const command =
        kind === 'pull' ? [part(`helm${String(planned.helm)}/helm`)] : (this.#stage.subject.commands[form] ?? [])
      const before = proxy.requests.length
      const start = performance.now()
      const process = this.#stage.processes.start(
        [...command, ...args],
        this.#environment(operation, proxy),
        this.#stage.folder,
      )
      const fate: { killed: OperationRecord['killed'] } = { killed: '' }
      const met: string[] = []
      const end = (why: 'fault' | 'patience'): void => {
        fate.killed ||= why
        process.signal('SIGKILL')
      }
      kill = () => end('fault')
      const timers = [setTimeout(() => end('patience'), patience)]
      if (fault?.kind === 'kill-after') timers.push(setTimeout(kill, fault.ms))
      if (fault?.kind === 'stop') {
        timers.push(setTimeout(() => process.signal('SIGSTOP'), fault.after))
        timers.push(setTimeout(() => process.signal('SIGCONT'), fault.after + fault.ms))
        met.push('stop')
      }
      const result = await process.result.finally(() => timers.forEach(clearTimeout))
      const ended = performance.now()
      if (!isReader) await proxy.idle()
      if (fault?.kind === 'kill-after' && fate.killed === 'fault') met.push('kill-after')
      return {
        type: 'operation',
        round: this.#plan.round,
        name,
        kind,
        planned: { at, form, process: fault, ...planned },
        args,
        start,
        end: ended,
        ...this.#outcomeOf(kind, result),
        killed: result.status === null ? fate.killed : '',
        requests: proxy.requests.length - before,
        met: isReader ? met : [...met, ...proxy.met],
        deltas: isReader ? [] : this.#deltasOf(proxy.forwarded),
        indexes: isReader ? [] : this.#indexesOf(proxy.forwarded),
        ...(kind === 'pull' && result.status === 0 ? { pulled: await this.#pulled(args.at(-1) ?? '') } : {}),
      }
    } finally {
      if (!isReader) await proxy.close()
    }
  }

  #environment(operation: PlannedOperation, proxy: ChaosProxy): Readonly<Record<string, string>> {
    const { clock, folder } = this.#stage
    const { kind, machine, helm } = operation
    return {
      ...this.#stage.environment(machine, proxy.host),
      ...(kind === 'pull' ? { HELM_DATA_HOME: join(folder, `data-${String(helm)}`) } : {}),
      ...(operation.clock !== 0 && clock !== undefined ? clock(operation.clock) : {}),
    }
  }

  #outcomeOf(
    kind: PlannedOperation['kind'],
    { status, stderr, stdout }: Ended,
  ): Pick<OperationRecord, 'status' | 'stdout' | 'stderr' | 'view'> {
    if (kind !== 'read' || status !== 0) return { status, stderr, stdout: stdout.toString() }
    return { status, stderr, stdout: '', view: this.#repository.viewOf(stdout) }
  }

  /** The content of the only file in the folder, which is removed. */
  async #pulled(folder: string): Promise<string> {
    const [name = ''] = await readdir(folder)
    const digest = sha256(await readFile(join(folder, name)))
    await rm(folder, { recursive: true })
    return this.#stage.contentOf(digest)
  }

  #deltasOf(forwarded: readonly Forwarded[]): readonly DeltaRecord[] {
    return forwarded.flatMap(({ body, method, path, status }) => {
      const id = /\/index\.d\/([0-9A-Z]{26})\.yaml$/.exec(path)?.[1]
      if (method !== 'PUT' || id === undefined) return []
      return [{ id, ...(status === undefined ? {} : { status }), ...this.#contentOfDelta(body) }]
    })
  }

  #contentOfDelta(body: Buffer): Pick<DeltaRecord, 'added' | 'removed'> {
    const { addedEntries, addedIfAbsent, removedEntries } = JSON.parse(body.toString()) as Partial<
      Record<string, ByChart>
    >
    const content = (digest: string | undefined): string => this.#stage.contentOf(digest)
    const added = [addedEntries, addedIfAbsent].flatMap(entriesOf)
    const removed = entriesOf(removedEntries).filter(({ created }) => created !== '')
    return {
      added: Object.fromEntries(added.map((each) => [textOf(each), content(each.digest)])),
      removed: removed.map((each) => [textOf(each), content(each.digest)] as const),
    }
  }

  #indexesOf(forwarded: readonly Forwarded[]): OperationRecord['indexes'] {
    const written = forwarded.filter(({ method, path }) => method === 'PUT' && path.endsWith('/index.yaml'))
    return written.map(({ body }) => this.#repository.viewOf(body))
  }
}

type ByChart = Readonly<Record<string, readonly DeltaEntry[]>>

interface DeltaEntry {
  readonly name: string
  readonly version: string
  readonly digest?: string
  readonly created?: string
}

function entriesOf(charts: ByChart | undefined): readonly DeltaEntry[] {
  return Object.values(charts ?? {}).flat()
}
