import type { VersionId } from './entry.ts'
import { namePattern } from './name-pattern.ts'

/** Tells whether a list names a chart version. */
export type KeepList = (id: VersionId) => boolean

/**
 * A list of chart versions, one a line: `NAME VERSION`, `NAME: VERSION`, `NAME-VERSION`, or `NAME` for all versions of a
 * chart. Each part may be a glob. Empty lines, and what follows a `#` at the start of a word, do not count.
 */
export function parseKeepList(text: string): KeepList {
  const rules = text
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '')
    .map(parseLine)
  return (id) => rules.some((rule) => rule(id))
}

/** A list of releases as Helm reports their charts: `NAME-VERSION`, in which only the versions that exist tell where to split. */
export function chartList(charts: Iterable<string>): KeepList {
  const known = new Set(charts)
  return ({ name, version }) => known.has(`${name}-${version}`)
}

function parseLine(line: string): KeepList {
  const pair = /^(\S+?):?\s+(.+)$/.exec(line) ?? /^([^:]+):(.+)$/.exec(line)
  if (pair !== null) {
    const [isName, isVersion] = [namePattern(pair[1] ?? ''), namePattern(unquote(pair[2] ?? ''))]
    return ({ name, version }) => isName(name) && isVersion(version)
  }
  const matches = namePattern(line)
  return ({ name, version }) => matches(`${name}-${version}`) || matches(name)
}

/** A YAML mapping may have its versions in quotes. */
function unquote(text: string): string {
  return /^(["'])(.*)\1$/.exec(text)?.[2] ?? text
}
