import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { sha256 } from '../../../lib/sys/sha256.ts'
import { makeChart } from '../../e2e/support/made-charts.ts'
import type { MadeChart } from '../../e2e/support/schedules.ts'
import type { Workplace } from '../../e2e/support/workplace.ts'

const MIB = 1024 * 1024

/** Makes charts on this machine. */
export class Charts {
  readonly #at: Workplace
  #count = 0

  constructor(at: Workplace) {
    this.#at = at
  }

  /** `note` makes the bytes differ. `path`: relative to the folder in which commands run. */
  async make(name: string, version: string, note = '', path = `made-${String(this.#count++)}.tgz`): Promise<MadeChart> {
    await makeChart(this.#at.path(path), name, version, note)
    return this.#made(path, name, version)
  }

  /** An archive of so many MiB, which cannot be compressed. */
  async makeLarge(name: string, version: string, size: number): Promise<MadeChart> {
    const path = `made-${String(this.#count++)}.tgz`
    const files = Object.fromEntries(Array.from({ length: size }, (_, i) => [`data-${String(i)}`, randomBytes(MIB)]))
    await makeChart(this.#at.path(path), name, version, '', files)
    return this.#made(path, name, version)
  }

  bytes({ path }: MadeChart): Promise<Buffer> {
    return readFile(this.#at.path(path))
  }

  async #made(path: string, name: string, version: string): Promise<MadeChart> {
    return { name, version, path, digest: sha256(await readFile(this.#at.path(path))) }
  }
}
