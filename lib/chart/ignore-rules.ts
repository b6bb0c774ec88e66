import { compileGoPattern } from './go-pattern.ts'
import { invalidChart } from './invalid-chart.ts'

/** Tells whether a path in a chart's folder is left out of the package. `path`: relative, with `/`; never empty. */
export type IgnoreRules = (path: string, isFolder: boolean) => boolean

interface Rule {
  readonly isNegated: boolean
  readonly mustBeFolder: boolean
  readonly matches: (path: string) => boolean
}

/** A rule that Helm adds to every chart. */
const DEFAULT_RULE = 'templates/.?*'

/**
 * The rules of a `.helmignore` (helm/helm internal/ignore/rules.go). They differ from those of git: the first rule that
 * decides wins; `!RULE` ignores everything that RULE does not match; there is no `**`; a rule with a slash is matched
 * against the whole path, and one without against the last part; a star does not match a slash.
 * @param text undefined: the chart has no such file
 * @throws HelmS3Error `invalid-chart` for a rule that Helm refuses
 */
export function readIgnoreRules(text: string | undefined): IgnoreRules {
  const lines = (text ?? '').replace(/^\ufeff/, '').split('\n')
  const rules = [...lines, DEFAULT_RULE]
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(readRule)
  return (path, isFolder) => {
    for (const { isNegated, matches, mustBeFolder } of rules) {
      const isMatch = (isFolder || !mustBeFolder) && matches(path)
      if (isMatch !== isNegated) return true
    }
    return false
  }
}

function readRule(line: string): Rule {
  const refuse = (problem: string): Error => invalidChart(`.helmignore: ${problem}: ${line}`, 'repair .helmignore')
  if (line.includes('**')) throw refuse('double-star (**) syntax is not supported')
  if (compileGoPattern(line) === undefined) throw refuse('syntax error in pattern')
  const isNegated = line.startsWith('!')
  const body = line.slice(isNegated ? 1 : 0)
  const mustBeFolder = body.endsWith('/')
  const pattern = mustBeFolder ? body.slice(0, -1) : body
  const isOfPath = pattern.includes('/')
  const isMatch = compileGoPattern(pattern.replace(/^\/+/, ''))
  const matches = (path: string): boolean => isMatch?.(isOfPath ? path : path.slice(path.lastIndexOf('/') + 1)) ?? false
  return { isNegated, mustBeFolder, matches }
}
