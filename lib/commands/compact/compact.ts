import type { Context } from '../../ui/context.ts'
import type { IndexForm } from '../../core/index/index-text.ts'
import { formatCount } from '../../text/format.ts'
import { namingRepository } from '../../core/repository-hint.ts'
import { type CompactResult, compactRepository } from '../../protocol/base/compact.ts'
import { openRepository } from '../steps/open-repository.ts'

export interface CompactCommand {
  /** Name or URI, as typed. */
  readonly repository: string
  /** Milliseconds. */
  readonly graceWindow: number | undefined
  readonly dryRun: boolean
  readonly format: IndexForm | undefined
}

/** `helm s3 compact REPO`: folds deltas into `index.yaml` and deletes those that nobody needs any more. */
export async function compact(context: Context, options: CompactCommand): Promise<void> {
  const session = await openRepository(context, options.repository)
  const { graceWindow, dryRun, format: form } = options
  const result = await compactRepository(session, { graceWindow, dryRun, form })
  const { folded, collected, written, generation, problem, skipped } = result
  if (problem !== undefined) {
    const why =
      problem.hint === undefined
        ? problem.message
        : `${problem.message}; ${namingRepository(problem.hint, session.location)}`
    const done = `index.yaml is written (generation ${String(generation)})`
    context.output.notice(`helm-s3: ${done}, but old deltas stay until the next compaction: ${why}`)
  }
  context.output.result(describe(result, dryRun), {
    repository: session.location.url,
    dryRun,
    folded,
    collected,
    written,
    generation,
    format: result.form,
    skipped,
  })
}

function describe({ folded, collected, written, generation, form }: CompactResult, dryRun: boolean): string[] {
  const lines: string[] = []
  const list = (did: string, wouldDo: string, ids: readonly string[], where: string): void => {
    if (ids.length === 0) return
    lines.push(`${dryRun ? wouldDo : did} ${formatCount(ids.length, 'delta')}${where}:`, ...ids.map((id) => `  ${id}`))
  }
  list(
    'Folded',
    'Would fold',
    folded,
    dryRun ? ' into index.yaml' : ` into index.yaml, generation ${String(generation)}`,
  )
  list('Collected', 'Would collect', collected, '')
  if (lines.length > 0) return lines
  if (!written) return ['Nothing to fold, nothing to collect.']
  return [
    dryRun
      ? `Would write index.yaml anew as ${form}.`
      : `Wrote index.yaml anew as ${form}, generation ${String(generation)}.`,
  ]
}
