import { join } from 'node:path'
import { type PlannedOperation, textOf } from './plan.ts'
import type { Stage } from './stage.ts'

/** Below the bucket: the repository from which charts are copied. Nobody changes it. */
export const SOURCE = 'source'

/** Where `helm pull` puts what it brings; made before. */
export function pullFolder({ folder }: Pick<Stage, 'folder'>, name: string): string {
  return join(folder, `pulled-${name}`)
}

/** The command line of an operation, without the program. */
export function argumentsOf(stage: Stage, operation: PlannedOperation, url: string): readonly string[] {
  const { byName, compacts, kind, name, versions } = operation
  const isOurs = stage.subject.kinds === undefined
  const repository = byName || stage.subject.name === 'go-plugin' ? 'shared' : url
  const files = versions.map((version) => stage.archive(version, version.content))
  const [only] = versions
  const json = isOurs ? ['-ojson'] : []
  const pushed = [...json, ...(compacts || !isOurs ? [] : ['--no-compact'])]
  const version = `--version=${only?.version ?? ''}`
  switch (kind) {
    case 'push':
    case 'push-many':
      return ['push', ...files, repository, ...pushed]
    case 'force':
      return ['push', ...files, repository, '--force', ...pushed]
    case 'ignore':
      return ['push', ...files, repository, '--ignore-if-exists', ...pushed]
    case 'delete':
      return ['delete', only?.name ?? '', repository, version, ...json]
    case 'prune':
      return ['prune', repository, '--keep-last=1', ...json]
    case 'restore':
      return ['restore', only?.name ?? '', repository, version, ...pushed]
    case 'copy':
      return ['copy', only?.name ?? '', `s3://${stage.bucket}/${SOURCE}`, repository, version, ...pushed]
    case 'reindex':
      return ['reindex', repository, ...pushed]
    case 'check-fix':
      return ['check', repository, '--fix', '-ojson']
    case 'compact':
      return ['compact', repository, '--grace-window=1m', '-ojson']
    case 'empty':
      return ['init', url, '--force', '-ojson']
    case 'read':
      return ['download', '', '', '', `${url}/index.yaml`]
    case 'pull': {
      const folder = pullFolder(stage, name)
      const chart = byName
        ? `shared/${only?.name ?? ''}`
        : `${url}/${(only && textOf(only).replace(' ', '-')) ?? ''}.tgz`
      return ['pull', chart, ...(byName ? [version] : []), '-d', folder]
    }
  }
}
