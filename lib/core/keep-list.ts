import type { VersionId } from './log/entry.ts'
import { namePattern } from './name-pattern.ts'

/** Tells whether a list names a chart version. */
export type KeepList = (id: VersionId) => boolean

/** A list of chart versions, written by a person. */
export interface WrittenKeepList {
  readonly names: KeepList
  /**
   * Tells the list about one existing version. Call this for every existing version before asking for
   * {@link unmatched}.
   */
  readonly note: (id: VersionId) => void
  /**
   * The lines that match none of the noted versions. They may hold a typing error, so that a version is removed that
   * was meant to be kept.
   */
  readonly unmatched: () => readonly string[]
}

/**
 * Reads a list of chart versions, one per line: `NAME VERSION`, `NAME: VERSION`, `NAME-VERSION`, or `NAME` for all
 * versions of a chart. Each part may be a glob, and may be in quotes. A name may hold spaces, so a line keeps
 * everything that it can be read as. Empty lines are ignored, and so is text after a `#` at the start of a word.
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
 * A list of releases as Helm reports their charts: `NAME-VERSION`. Only the existing versions tell where such a text is
 * to be split.
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

/** Removes quotes: in a YAML mapping, versions may be quoted. */
function unquote(text: string): string {
  return /^(["'])(.*)\1$/.exec(text)?.[2] ?? text
}
