import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { IndexForm } from '../lib/core/index/index-text.ts'
import { type MadeChart, makeChart } from './archives.ts'
import { VERSIONS_PER_CHART, chartName } from './data.ts'
import type { HelmHome } from './helm-home.ts'
import type { Case } from './line.ts'
import type { Program } from './programs.ts'
import { type Relay, counted } from './relay.ts'
import type { Repository } from './repository.ts'
import type { Sample } from './result.ts'
import type { Run, Workbench } from './workbench.ts'

/** Puts one chart after another far from each other into the index: the golden ratio. */
const STRIDE = 0.618034
/** Above this, an earlier build reads and writes the whole for a minute or more. */
const LARGE = 200_000

/**
 * A repository of one program and one size, on which its operations are measured. It is not brought back to its state
 * between runs: each push adds one more version of some chart, and each deletion takes the last one that was pushed.
 */
export class PagedRepository {
  readonly program: Program
  /** Early builds cannot fetch. */
  readonly hasFetch: boolean
  readonly #bench: Workbench
  readonly #versions: number
  readonly #relay: Relay | undefined
  readonly #repository: Repository
  readonly #pushed: MadeChart[] = []
  #made = 0

  private constructor(bench: Workbench, { hasFetch, program, relay, versions }: Parts) {
    this.program = program
    this.hasFetch = hasFetch
    this.#bench = bench
    this.#versions = versions
    this.#relay = relay
    this.#repository = bench.repository()
  }

  /**
   * Makes the repository, with an index in this form. Of this program itself also the table of its pages, and what
   * they find out about the store as it looks through the relay.
   */
  static async open(bench: Workbench, program: Program, { form, relay, versions }: Place): Promise<PagedRepository> {
    const hasFetch = await bench.has(program, 'fetch')
    const made = new PagedRepository(bench, { program, hasFetch, versions, relay })
    await made.#repository.restore(await bench.index(versions, form))
    if (program.name === 'before') return made
    await made.#pushNear()
    if (relay !== undefined) await made.#run(['push', (await made.#nextChart()).path, 'bench'])
    return made
  }

  async remove(): Promise<void> {
    await this.#repository.remove()
  }

  /** A push of one version, with the compaction that follows it. */
  push(): Case {
    return this.#case('push', {
      prepare: async () => void this.#pushed.push(await this.#nextChart()),
      run: () => this.#run(['push', this.#last().path, 'bench']),
      check: () => this.#expectInIndex(this.#last(), true),
    })
  }

  /** What was pushed last, by its name, on a machine that knows nothing of the repository. */
  fetch(): Case {
    const folder = this.#bench.path('fetched')
    return this.#case('fetch', {
      prepare: async () => {
        await rm(folder, { recursive: true, force: true })
        await mkdir(folder)
      },
      run: async () => {
        const { name, path, version } = this.#last()
        const sample = await this.#run(['fetch', name, 'bench', '-d', folder])
        const fetched = await readFile(join(folder, `${name}-${version}.tgz`))
        if (!fetched.equals(await readFile(path))) throw new Error(`${this.program.name}: another archive was fetched`)
        return sample
      },
    })
  }

  /** What `helm repo update` calls, on a machine that has read the index before the last push. */
  getter(): Case {
    const stdout = this.#bench.path('stdout')
    const args = ['download', '', '', '', this.#repository.urlOf('index.yaml')]
    let home: Promise<HelmHome> | undefined
    const homeThatRead = (): Promise<HelmHome> => (home ??= this.#homeThatRan(args, stdout))
    return this.#case('getter, warm cache', {
      prepare: async () => {
        await homeThatRead()
        await this.#pushNear()
      },
      run: async () => {
        const sample = await this.#run(args, { home: await homeThatRead(), stdout })
        const { name, version } = this.#last()
        if (!(await readFile(stdout)).includes(`${name}-${version}.tgz`))
          throw new Error(`${this.program.name}: what was pushed last is not in what the getter gives`)
        return sample
      },
    })
  }

  /** A deletion of one version and its archive; so often at most as something was pushed. */
  delete(): Case {
    let victim: MadeChart | undefined
    return this.#case('delete', {
      run: () => {
        victim = this.#last()
        this.#pushed.pop()
        return this.#run(['delete', victim.name, '--version', victim.version, 'bench'])
      },
      check: async () => {
        if (victim !== undefined) await this.#expectInIndex(victim, false)
      },
    })
  }

  #case(what: string, steps: Pick<Case, 'prepare' | 'run' | 'check'>): Case {
    const isSlow = this.program.name === 'before' && this.#versions > LARGE
    return { what, program: this.program.name, ...steps, ...(isSlow ? { runs: 1 } : {}) }
  }

  async #homeThatRan(args: readonly string[], stdout: string): Promise<HelmHome> {
    const home = await this.#bench.home(this.#repository)
    await this.#run(args, { home, stdout })
    return home
  }

  /** Past the relay. */
  async #pushNear(): Promise<void> {
    const chart = await this.#nextChart()
    await this.#bench.run(this.program.path, ['push', chart.path, 'bench'], this.#repository)
    this.#pushed.push(chart)
  }

  /** The same charts in the same order for every program. */
  #nextChart(): Promise<MadeChart> {
    const n = this.#made++
    const charts = Math.ceil(this.#versions / VERSIONS_PER_CHART)
    const chart = Math.floor(((0.5 + n * STRIDE) % 1) * charts)
    return makeChart(this.#bench.path('charts'), chartName(chart), `9.${String(n)}.0`)
  }

  #last(): MadeChart {
    const last = this.#pushed.at(-1)
    if (last === undefined) throw new Error('nothing was pushed before')
    return last
  }

  async #run(args: readonly string[], run: Omit<Run, 'endpoint'> = {}): Promise<Sample> {
    const [bench, relay, { path }] = [this.#bench, this.#relay, this.program]
    if (relay === undefined) return bench.run(path, args, this.#repository, run)
    const { endpoint } = relay
    return counted(relay, () => bench.run(path, args, this.#repository, { ...run, endpoint }))
  }

  async #expectInIndex(chart: MadeChart, isIn: boolean): Promise<void> {
    const found = await this.#repository.countInIndex([chart])
    if (found === (isIn ? 1 : 0)) return
    const { name, version } = chart
    throw new Error(`${this.program.name}: ${name} ${version} is ${isIn ? 'not' : 'still'} in index.yaml`)
  }
}

/** What repository is measured, and from where. */
export interface Place {
  readonly versions: number
  readonly form: IndexForm
  /** undefined: the store itself */
  readonly relay?: Relay | undefined
}

interface Parts extends Pick<Place, 'relay' | 'versions'> {
  readonly program: Program
  readonly hasFetch: boolean
}
