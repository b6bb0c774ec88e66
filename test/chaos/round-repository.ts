import { join } from 'node:path'
import { readIndexText } from '../../lib/core/index/index-text.ts'
import { type Key, asKey } from '../../lib/core/keys.ts'
import { type RoundPlan, VERSIONS, textOf } from './plan.ts'
import type { Ended } from './processes.ts'
import type { Stage } from './stage.ts'

/** Milliseconds. No look at the repository, and no repair at the end, takes longer. */
export const LONGEST = 180_000

/** The repository of one round, as it is reached without any fault. */
export class RoundRepository {
  readonly stage: Stage
  /** The key of everything in it begins with that and a slash. */
  readonly prefix: string
  readonly url: string

  constructor(stage: Stage, { round, seed }: RoundPlan) {
    this.stage = stage
    this.prefix = `round-${String(seed)}-${String(round)}`
    this.url = `s3://${stage.bucket}/${this.prefix}`
  }

  get indexKey(): Key {
    return asKey(`${this.prefix}/index.yaml`)
  }

  /** Our own program, straight to the store, on a machine of its own. */
  own(...args: readonly string[]): Promise<Ended> {
    const { folder, own, processes, store } = this.stage
    const home = {
      HOME: join(folder, 'own'),
      HELM_CACHE_HOME: join(folder, 'own/cache'),
      HELM_REPOSITORY_CACHE: join(folder, 'own/cache'),
    }
    const env = { ...this.stage.environment(0, new URL(store.endpoint).host), ...home }
    const started = processes.start([...own, ...args], env, folder)
    const timer = setTimeout(() => started.signal('SIGKILL'), LONGEST)
    return started.result.finally(() => clearTimeout(timer))
  }

  /** @throws Error when it fails */
  async mustDo(...args: readonly string[]): Promise<void> {
    const { status, stderr } = await this.own(...args)
    if (status !== 0) throw new Error(`${args[0] ?? ''} of the round fails: ${stderr}`)
  }

  /** @throws Error when there is none */
  async readIndex(): Promise<Uint8Array> {
    const object = await this.stage.objects.get(this.indexKey)
    if (object === undefined) throw new Error(`there is no index.yaml below ${this.url}`)
    return object.body
  }

  /** The content of each version in this text of an index. */
  viewOf(text: Uint8Array): Readonly<Record<string, string>> {
    const index = readIndexText(text)
    const entries = VERSIONS.map((id) => [textOf(id), index.find(id)] as const).filter(
      ([, entry]) => entry !== undefined,
    )
    return Object.fromEntries(entries.map(([version, entry]) => [version, this.stage.contentOf(entry?.digest)]))
  }
}
