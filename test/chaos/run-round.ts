import { mkdir, readFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { readIndexText } from '../../lib/core/index/index-text.ts'
import { asKey } from '../../lib/core/keys.ts'
import { listAll } from '../../lib/store/object-store.ts'
import { sha256 } from '../../lib/sys/sha256.ts'
import { part, pause } from '../e2e/support/servers.ts'
import { argumentsOf, pullFolder } from './arguments.ts'
import { MACHINES, type PlannedOperation, type RoundPlan, VERSIONS, textOf } from './plan.ts'
import { type ChaosProxy, type Forwarded, startChaosProxy } from './proxy.ts'
import type { ChaosRecord, DeltaRecord, EndRecord, Finding, OperationRecord, Round, RoundRecord } from './records.ts'
import type { Ended } from './processes.ts'
import type { Stage } from './stage.ts'

export interface RoundOptions {
  /** Milliseconds after which a process is killed. */
  readonly patience: number
  /** Called for each record, in the order in which they come. */
  readonly write: (record: ChaosRecord) => void
}

/** Milliseconds. No look at the repository, and no repair at the end, takes longer. */
const LONGEST = 180_000

/** How often somebody tries to damage index.yaml, each half a second. */
const ATTEMPTS = 40

const REPAIR = { versions: [], compacts: true, machine: 0, byName: false, form: 'bundle', clock: 0, helm: 4 } as const

/**
 * Plays one round: a fresh repository, its operations all at once with their faults, and a look at what is left.
 * @throws Error when the round itself cannot be made, which says nothing of the program
 */
export async function runRound(stage: Stage, plan: RoundPlan, { patience, write }: RoundOptions): Promise<Round> {
  const began = performance.now()
  const play = new Play(stage, plan, patience)
  const head = await play.prepare()
  write(head)
  const operations: OperationRecord[] = []
  const note = (record: OperationRecord): void => {
    operations.push(record)
    write(record)
  }
  const gap = await play.run(note)
  const repaired = gap === undefined ? undefined : { from: gap, to: await play.repair(note) }
  const found = await play.look()
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
  readonly #prefix: string
  readonly #url: string
  #index: Uint8Array = Buffer.alloc(0)

  constructor(stage: Stage, plan: RoundPlan, patience: number) {
    this.#stage = stage
    this.#plan = plan
    this.#patience = patience
    this.#prefix = `round-${String(plan.seed)}-${String(plan.round)}`
    this.#url = `s3://${stage.bucket}/${this.#prefix}`
  }

  /** Makes the repository, with what is there at the start, and homes of Helm that know it. */
  async prepare(): Promise<RoundRecord> {
    const { isPending, start } = this.#plan
    await this.#mustDo('init', this.#url)
    const files = start.map((version) => this.#stage.archive(version, version.content))
    if (files.length > 0) await this.#mustDo('push', ...files, this.#url, ...(isPending ? ['--no-compact'] : []))
    this.#index = await this.#readIndex()
    await this.#stage.layOut(this.#url, this.#index)
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
        this.#damage(),
        this.#outage(),
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

  /** What is there at the end. */
  async look(): Promise<Omit<EndRecord, 'type' | 'round' | 'gap' | 'seconds'>> {
    const start = performance.now()
    const read = await this.#own('download', '', '', '', `${this.#url}/index.yaml`)
    const at = [start, performance.now()] as const
    const failed = read.status === 0 ? {} : { failed: read.stderr.trim() }
    const view = read.status === 0 ? this.#viewOf(read.stdout) : {}
    const archives = await this.#archives()
    const files = await this.#files()
    if (this.#stage.subject.kinds !== undefined) return { ...failed, view, archives, at, files }
    const findings = await this.#check()
    const isWrong = findings.some(({ severity }) => severity !== 'remark')
    return {
      ...failed,
      view,
      archives,
      at,
      files,
      findings,
      ...(isWrong ? { afterFix: await this.#check('--fix') } : {}),
    }
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
      const args = argumentsOf(this.#stage, operation, this.#url)
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
    return { status, stderr, stdout: '', view: this.#viewOf(stdout) }
  }

  async #damage(): Promise<number | undefined> {
    const { damage } = this.#plan
    if (damage === undefined) return undefined
    await pause(damage.at)
    const began = performance.now()
    const { objects } = this.#stage
    const key = asKey(`${this.#prefix}/index.yaml`)
    const text = damage.what === 'garbage' ? Buffer.from('garbage: [') : this.#index
    // The store may be down at this moment.
    for (let attempt = 0; ; attempt++) {
      try {
        const { outcome } =
          damage.what === 'lost' ? await objects.delete(key) : await objects.put(key, text, { when: 'always' })
        if (outcome === 'deleted' || outcome === 'written') return began
        throw new Error(`index.yaml cannot be damaged: ${outcome}`)
      } catch (error) {
        if (attempt === ATTEMPTS) throw error
        await pause(500)
      }
    }
  }

  async #outage(): Promise<void> {
    const { outage } = this.#plan
    const { server } = this.#stage.store
    if (outage === undefined || server === undefined) return
    await pause(outage.at)
    await server.kill()
    await pause(outage.ms)
    await server.comeBack()
  }

  async #readIndex(): Promise<Uint8Array> {
    const object = await this.#stage.objects.get(asKey(`${this.#prefix}/index.yaml`))
    if (object === undefined) throw new Error(`there is no index.yaml below ${this.#url}`)
    return object.body
  }

  async #check(...flags: readonly string[]): Promise<readonly Finding[]> {
    const { status, stderr, stdout } = await this.#own('check', this.#url, '-ojson', ...flags)
    if (stdout.length === 0) {
      const detail = `ended with ${String(status)}: ${stderr.trim()}`
      return [{ code: 'check-failed', severity: 'error', detail, name: null, version: null }]
    }
    const { findings } = JSON.parse(stdout.toString()) as { readonly findings: readonly Finding[] }
    return findings.map(({ code, detail, name, severity, version }) => ({ code, severity, detail, name, version }))
  }

  /** Our own program, straight to the store, on a machine of its own. */
  #own(...args: readonly string[]): Promise<Ended> {
    const { folder, own, processes, store } = this.#stage
    const home = {
      HOME: join(folder, 'own'),
      HELM_CACHE_HOME: join(folder, 'own/cache'),
      HELM_REPOSITORY_CACHE: join(folder, 'own/cache'),
    }
    const env = { ...this.#stage.environment(0, new URL(store.endpoint).host), ...home }
    const started = processes.start([...own, ...args], env, folder)
    const timer = setTimeout(() => started.signal('SIGKILL'), LONGEST)
    return started.result.finally(() => clearTimeout(timer))
  }

  async #mustDo(...args: readonly string[]): Promise<void> {
    const { status, stderr } = await this.#own(...args)
    if (status !== 0) throw new Error(`${args[0] ?? ''} of the round fails: ${stderr}`)
  }

  #viewOf(text: Uint8Array): Readonly<Record<string, string>> {
    const index = readIndexText(text)
    const entries = VERSIONS.map((id) => [textOf(id), index.find(id)] as const).filter(
      ([, entry]) => entry !== undefined,
    )
    return Object.fromEntries(entries.map(([version, entry]) => [version, this.#stage.contentOf(entry?.digest)]))
  }

  async #archives(): Promise<Readonly<Record<string, string>>> {
    const { contentOf, objects } = this.#stage
    const { objects: listed } = await listAll(objects, `${this.#prefix}/`)
    const found = new Map(listed.map(({ key }) => [key as string, key]))
    const archives: Record<string, string> = {}
    for (const id of VERSIONS) {
      const key = found.get(`${this.#prefix}/${id.name}-${id.version}.tgz`)
      const object = key === undefined ? undefined : await objects.get(key)
      if (object !== undefined) archives[textOf(id)] = contentOf(sha256(object.body))
    }
    return archives
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
    return written.map(({ body }) => this.#viewOf(body))
  }

  /** The files below the caches of Helm; an index that a command leaves there can be read. */
  async #files(): Promise<EndRecord['files']> {
    const found: { path: string; wrong?: string }[] = []
    const caches = new Set(Array.from({ length: MACHINES + 1 }, (_, machine) => this.#stage.cache(machine)))
    for (const cache of caches) {
      const paths = await readdir(cache, { recursive: true, withFileTypes: true }).catch(() => [])
      for (const entry of paths.filter((each) => !each.isDirectory() && each.name !== 'filler')) {
        const path = join(entry.parentPath, entry.name)
        const wrong = entry.name === 'shared-index.yaml' ? await whatIsWrong(path) : undefined
        found.push({ path: path.slice(cache.length + 1), ...(wrong === undefined ? {} : { wrong }) })
      }
    }
    return found
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

async function whatIsWrong(path: string): Promise<string | undefined> {
  try {
    readIndexText(await readFile(path))
    return undefined
  } catch (error) {
    return `cannot be read: ${(error as Error).message}`
  }
}
