import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { findFaults } from '../audit.ts'
import type { Life } from '../life.ts'
import type { Repository } from '../repository.ts'

interface Checked {
  readonly findings: readonly {
    readonly code: string
    readonly detail: string
    readonly severity: string
    readonly name: string | null
    readonly version: string | null
  }[]
}

/** What the program itself says of every repository, and what we see without it. */
export async function tellsTheEnd({ at, diary, repositories }: Life): Promise<void> {
  const groups = [
    ['every repository', repositories.filter(({ isLong }) => !isLong)],
    ['those with more objects than a listing holds', repositories.filter(({ isLong }) => isLong)],
  ] as const
  for (const [which, some] of groups) {
    if (some.length === 0) continue
    for (const flags of ['', ' --deep']) {
      await diary.step(`check${flags} says of ${which} that nothing is wrong.`, () =>
        findsNothing(some, (repository) => findings(repository, flags)),
      )
    }
    await diary.step(
      `In ${which} all entries have their archives, every acknowledged push is there, and nothing else.`,
      () => findsNothing(some, faultsAtRest),
    )
  }

  await diary.step('Nothing is left on this machine: no draft, no lock, no temporary file.', async () => {
    assert.deepEqual(await leftBehind(at.folder), [])
    assert.deepEqual(await readdir(at.path('tmp')), [])
  })
}

/** Asks about each of the repositories. @returns how many they are */
async function findsNothing(
  repositories: readonly Repository[],
  find: (repository: Repository) => Promise<readonly string[]>,
): Promise<string> {
  const found: string[] = []
  for (const repository of repositories) {
    const faults = await find(repository).catch((error: unknown) => [
      error instanceof Error ? error.message : String(error),
    ])
    found.push(...faults.map((fault) => `${repository.location.prefix} ${fault}`))
  }
  assert.deepEqual(found.slice(0, 20), [])
  return `${String(repositories.length)} of them`
}

/** What is wrong when all deltas are folded. */
export async function faultsAtRest(repository: Repository): Promise<readonly string[]> {
  await repository.ok('compact REPO')
  return findFaults(await repository.snapshot(true), repository.ledger)
}

/** What `check` finds but remarks, and but the archives of entries that were put there without any. */
async function findings(repository: Repository, flags: string): Promise<readonly string[]> {
  const { status, stderr, stdout } = await repository.run(`check REPO${flags} -o json`)
  assert.ok(stdout !== '', `check ends with ${String(status)}: ${stderr}`)
  return (JSON.parse(stdout) as Checked).findings
    .filter(({ name, severity, version }) => {
      const isKnown = name !== null && version !== null && repository.ledger.isUnbacked({ name, version })
      return severity !== 'remark' && !isKnown
    })
    .map(({ code, detail }) => `${code} ${detail}`)
}

/** Names below a folder that only the program itself gives, and takes away. */
export async function leftBehind(folder: string): Promise<readonly string[]> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true })
  return files
    .filter(({ name }) => name.startsWith('.helm-s3-draft-') || /^\..*\.lock$/.test(name))
    .map(({ name, parentPath }) => join(parentPath, name))
}
