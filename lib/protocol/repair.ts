import type { Finding } from '../core/check/finding.ts'
import { FINDING_KINDS, type Repair } from '../core/check/finding-kinds.ts'
import { compactRepository } from './compact.ts'
import { DEFAULT_GRACE_WINDOW } from './limits.ts'
import type { LookOptions } from './look-at-archives.ts'
import type { Session } from './session.ts'

/** The repairs that these findings ask for. */
export function repairsOf(findings: readonly Finding[]): ReadonlySet<Repair> {
  return new Set(findings.flatMap(({ code }) => FINDING_KINDS[code].repair ?? []))
}

/**
 * Puts right what {@link checkRepository} has found, as far as that can be done without a decision: by compaction.
 * @throws HelmS3Error what these do
 */
export async function repairRepository(session: Session, findings: readonly Finding[], _options: LookOptions): Promise<void> {
  const repairs = repairsOf(findings)
  if (repairs.size === 0) return
  await compactRepository(session, { graceWindow: DEFAULT_GRACE_WINDOW, dryRun: false, form: undefined, tidy: repairs.has('tidy') })
}
