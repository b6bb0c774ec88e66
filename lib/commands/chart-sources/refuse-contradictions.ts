import type { PackageOptions } from '../../chart/package-chart.ts'
import { parseVersion } from '../../core/version.ts'
import { HelmS3Error } from '../../errors.ts'
import type { Source } from '../../output.ts'
import { type ChartSource, STDIN } from './source.ts'

/** The flags that say something of the charts themselves. */
export interface SourceFlags extends PackageOptions {
  /** Path of the provenance file of the one archive. */
  readonly prov: string | undefined
}

/**
 * Refuses flags that do not fit what is pushed, before any of it is read.
 * @throws HelmS3Error `usage`
 */
export function refuseContradictions(sources: readonly ChartSource[], flags: SourceFlags, stdin: Source): void {
  refuseValues(flags)
  const archive = sources.find(({ kind }) => kind !== 'folder')
  const rewriting = flags.version !== undefined ? '--version' : flags.appVersion !== undefined ? '--app-version' : undefined
  if (rewriting !== undefined && archive !== undefined) {
    throw usage(`${rewriting} is for folders of charts, and ${archive.path} is none`, 'an archive is pushed as it is: package it again with another version')
  }
  if (flags.prov !== undefined) refuseProvenance(sources)
  const piped = sources.filter(({ kind }) => kind === 'stdin')
  if (piped.length > 1) throw usage(`${STDIN} is given ${String(piped.length)} times, and there is one standard input`, 'give the others as files')
  if (piped.length > 0 && stdin.isTerminal) throw usage(`${STDIN} reads a chart archive from standard input, which is a terminal`, 'pipe the archive in')
}

function refuseValues({ appVersion, prov, version }: SourceFlags): void {
  if (version !== undefined && parseVersion(version) === undefined) {
    throw usage(`invalid argument ${JSON.stringify(version)} for "--version" flag: must be a semantic version`, 'write it as 1.2.3, 1.2.3-rc.1 or 1.2.3+build.5')
  }
  if (appVersion === '') throw usage('invalid argument "" for "--app-version" flag: must not be empty', 'leave the flag out to keep what Chart.yaml says')
  if (prov === '') throw usage('invalid argument "" for "--prov" flag: must be the path of a file', 'leave the flag out to take the file beside the archive')
}

function refuseProvenance(sources: readonly ChartSource[]): void {
  const [only, ...others] = sources
  if (others.length > 0) {
    throw usage(`--prov is for one archive, and there are ${String(sources.length)} charts`, 'push it alone, or put the provenance file beside the archive as ARCHIVE.prov')
  }
  if (only?.kind === 'folder') {
    throw usage(`--prov is for an archive, and ${only.path} is a folder`, 'a signature holds for one archive: make both with `helm package --sign`, and push that')
  }
}

function usage(message: string, hint: string): HelmS3Error {
  return new HelmS3Error('usage', message, { hint })
}
