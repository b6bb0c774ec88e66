import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readIndexText } from '../../lib/core/index/index-text.ts'
import { listAll } from '../../lib/store/object-store.ts'
import { sha256 } from '../../lib/sys/sha256.ts'
import { MACHINES, VERSIONS, textOf } from './plan.ts'
import type { EndRecord, Finding } from './records.ts'
import type { RoundRepository } from './round-repository.ts'
import type { Stage } from './stage.ts'

/** What is there at the end. */
export async function lookAround(
  repository: RoundRepository,
): Promise<Omit<EndRecord, 'type' | 'round' | 'gap' | 'seconds'>> {
  const { stage, url } = repository
  const start = performance.now()
  const read = await repository.own('download', '', '', '', `${url}/index.yaml`)
  const at = [start, performance.now()] as const
  const failed = read.status === 0 ? {} : { failed: read.stderr.trim() }
  const view = read.status === 0 ? repository.viewOf(read.stdout) : {}
  const archives = await archivesIn(repository)
  const files = await filesOf(stage)
  if (stage.subject.kinds !== undefined) return { ...failed, view, archives, at, files }
  const findings = await check(repository)
  const isWrong = findings.some(({ severity }) => severity !== 'remark')
  return {
    ...failed,
    view,
    archives,
    at,
    files,
    findings,
    ...(isWrong ? { afterFix: await check(repository, '--fix') } : {}),
  }
}

async function check(repository: RoundRepository, ...flags: readonly string[]): Promise<readonly Finding[]> {
  const { status, stderr, stdout } = await repository.own('check', repository.url, '-ojson', ...flags)
  if (stdout.length === 0) {
    const detail = `ended with ${String(status)}: ${stderr.trim()}`
    return [{ code: 'check-failed', severity: 'error', detail, name: null, version: null }]
  }
  const { findings } = JSON.parse(stdout.toString()) as { readonly findings: readonly Finding[] }
  return findings.map(({ code, detail, name, severity, version }) => ({ code, severity, detail, name, version }))
}

/** The content of the archive of each version. */
async function archivesIn({ prefix, stage }: RoundRepository): Promise<Readonly<Record<string, string>>> {
  const { contentOf, objects } = stage
  const { objects: listed } = await listAll(objects, `${prefix}/`)
  const found = new Map(listed.map(({ key }) => [key as string, key]))
  const archives: Record<string, string> = {}
  for (const id of VERSIONS) {
    const key = found.get(`${prefix}/${id.name}-${id.version}.tgz`)
    const object = key === undefined ? undefined : await objects.get(key)
    if (object !== undefined) archives[textOf(id)] = contentOf(sha256(object.body))
  }
  return archives
}

/** The files below the caches of Helm; an index that a command leaves there can be read. */
async function filesOf(stage: Stage): Promise<EndRecord['files']> {
  const found: { path: string; wrong?: string }[] = []
  const caches = new Set(Array.from({ length: MACHINES + 1 }, (_, machine) => stage.cache(machine)))
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

async function whatIsWrong(path: string): Promise<string | undefined> {
  try {
    readIndexText(await readFile(path))
    return undefined
  } catch (error) {
    return `cannot be read: ${(error as Error).message}`
  }
}
