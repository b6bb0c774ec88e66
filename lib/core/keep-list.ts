import type { VersionId } from './log/entry.ts'
import { namePattern } from './name-pattern.ts'

/** Tells whether a list names a chart version. */
export type KeepList = (id: VersionId) => boolean

/** A list of chart versions that a person has written. */
export interface WrittenKeepList {
  readonly names: KeepList
  /** Tells the list of a version that there is; of all of them, when {@link unmatched} is asked for. */
  readonly note: (id: VersionId) => void
  /**
   * The lines that name none of these: perhaps with a typing error, so that something is removed that was to be kept.
   */
  readonly unmatched: () => readonly string[]
}

/**
 * A list of chart versions, one a line: `NAME VERSION`, `NAME: VERSION`, `NAME-VERSION`, or `NAME` for all versions of
 * a chart. Each part may be a glob, and in quotes. A name may hold spaces: a line keeps whatever it can be read as.
 * Empty lines, and what follows a `#` at the start of a word, do not count.
 */
export function parseKeepList(text: string): WrittenKeepList {
  const rules = text
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '')
    .map((line) => ({ line, matches: parseLine(line) }))
  const waiting = new Set(rules)
  return {
    names: (id) => rules.some(({ matches }) => matches(id)),
    note: (id) => {
      for (const rule of waiting) if (rule.matches(id)) waiting.delete(rule)
    },
    unmatched: () => [...waiting].map(({ line }) => line),
  }
}

/**
 * A list of releases as Helm reports their charts: `NAME-VERSION`, in which only the versions that exist tell where to
 * split.
 */
export function chartList(charts: Iterable<string>): KeepList {
  const known = new Set(charts)
  return ({ name, version }) => known.has(`${name}-${version}`)
}

function parseLine(line: string): KeepList {
  const splits = [...line.matchAll(/\s+/g)].map(
    ({ 0: space, index }) => [line.slice(0, index).replace(/:$/, ''), line.slice(index + space.length)] as const,
  )
  const colon = /^([^:]+):(.+)$/.exec(line)
  const pairs = colon === null || splits.length > 0 ? splits : [[colon[1] ?? '', colon[2] ?? ''] as const]
  const rules = pairs.map(([name, version]): KeepList => {
    const [isName, isVersion] = [namePattern(unquote(name)), namePattern(unquote(version))]
    return (id) => isName(id.name) && isVersion(id.version)
  })
  const matches = namePattern(unquote(line))
  const whole: KeepList = ({ name, version }) => matches(`${name}-${version}`) || matches(name)
  return (id) => rules.some((rule) => rule(id)) || whole(id)
}

/** A YAML mapping may have its versions in quotes. */
function unquote(text: string): string {
  return /^(["'])(.*)\1$/.exec(text)?.[2] ?? text
}
