import { execFile } from 'node:child_process'
import { join } from 'node:path'
import type { RunningStore } from '../e2e/support/servers.ts'
import { ROOT, Workplace } from '../e2e/support/workplace.ts'

/** What `helm s3 check --probe` says about a store. */
export interface ProductReport {
  readonly level: string
  /** The codes of its findings about the store. */
  readonly findings: readonly string[]
}

/** Asks the built program about the store, in a new repository. Where it fails, that is its level. */
export async function probeByProduct(
  store: RunningStore,
  { rounds, say }: { readonly rounds: number; readonly say: (line: string) => void },
): Promise<ProductReport> {
  const workplace = await Workplace.open(store)
  try {
    await workplace.programOk(`init ${workplace.url}`)
    const printed = await check(workplace, rounds)
    const { findings, level } = JSON.parse(printed) as {
      readonly level: string
      readonly findings: readonly { readonly code: string }[]
    }
    return { level, findings: findings.map(({ code }) => code).sort() }
  } catch (error) {
    say(`  check --probe: ${error instanceof Error ? error.message : String(error)}`)
    return { level: 'fails', findings: [] }
  } finally {
    await workplace.close()
  }
}

/** Milliseconds: a store may take seconds for each of the 60 races. */
const LONGEST = 900_000

/** @returns what it prints on stdout; its status says no more than that */
function check({ env, url }: Workplace, rounds: number): Promise<string> {
  const args = ['check', url, '--probe', '--rounds', String(rounds), '-o', 'json']
  return new Promise((resolve, reject) => {
    execFile(join(ROOT, 'bin/helm-s3'), args, { env: { ...env }, timeout: LONGEST }, (_, stdout, stderr) => {
      if (stdout === '') reject(new Error(`check --probe: ${stderr.trim()}`))
      else resolve(stdout)
    })
  })
}
