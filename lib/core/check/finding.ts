import { FINDING_KINDS, type FindingCode, type FindingKind, type Severity } from './finding-kinds.ts'

/** One thing that a check found. `detail`: what is wrong in this case, in one line. */
export interface Finding {
  readonly code: FindingCode
  readonly detail: string
  /** The key of the object in question. */
  readonly key: string | undefined
  readonly name: string | undefined
  readonly version: string | undefined
}

/** What a finding is about. A field is absent where the finding is not about such a thing. */
export type FindingSubject = Partial<Pick<Finding, 'key' | 'name' | 'version'>>

export function finding(code: FindingCode, detail: string, { key, name, version }: FindingSubject = {}): Finding {
  return { code, detail, key, name, version }
}

/** Findings of one code. */
export interface FindingGroup extends FindingKind {
  readonly code: FindingCode
  readonly findings: readonly Finding[]
}

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'remark']

/**
 * The findings grouped by code, the most severe group first. Inside a group they keep the order in which they were
 * found.
 */
export function groupFindings(findings: readonly Finding[]): readonly FindingGroup[] {
  const groups = new Map<FindingCode, Finding[]>()
  for (const each of findings) {
    const group = groups.get(each.code)
    if (group === undefined) groups.set(each.code, [each])
    else group.push(each)
  }
  const rank = (code: FindingCode): number => SEVERITIES.indexOf(FINDING_KINDS[code].severity)
  return [...groups]
    .sort(([a], [b]) => rank(a) - rank(b))
    .map(([code, of]) => ({ code, ...FINDING_KINDS[code], findings: of }))
}

/** A text that is equal exactly for findings about the same thing. */
export function findingKey({ code, key, name, version }: Finding): string {
  return JSON.stringify([code, key, name, version])
}
