import type { PackageOptions } from '../../../chart/package-chart.ts'
import { parseVersion } from '../../../core/helm/version.ts'
import { HelmS3Error } from '../../../errors.ts'
import type { Source } from '../../../ui/output.ts'
import { type ChartSource, STDIN } from './source.ts'

/** The flags about the charts themselves. */
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
  const rewriting =
    flags.version !== undefined ? '--version' : flags.appVersion !== undefined ? '--app-version' : undefined
  if (rewriting !== undefined && archive !== undefined) {
    throw usage(
      `${rewriting} can only be used with the folder of a chart, and ${archive.path} is not one`,
      'an archive is pushed as it is: package it again with another version',
    )
  }
  if (flags.prov !== undefined) refuseProvenance(sources)
  const piped = sources.filter(({ kind }) => kind === 'stdin')
  if (piped.length > 1)
    throw usage(
      `${STDIN} is given ${String(piped.length)} times, but standard input can be read only once`,
      'give the others as files',
    )
  if (piped.length > 0 && stdin.isTerminal)
    throw usage(
      `${STDIN} reads a chart archive from standard input, which is a terminal`,
      'redirect or pipe the archive into the command',
    )
}

function refuseValues({ appVersion, prov, version }: SourceFlags): void {
  if (version !== undefined && parseVersion(version) === undefined) {
    throw usage(
      `invalid argument ${JSON.stringify(version)} for "--version" flag: must be a semantic version`,
      'write it as 1.2.3, 1.2.3-rc.1 or 1.2.3+build.5',
    )
  }
  if (appVersion === '')
    throw usage(
      'invalid argument "" for "--app-version" flag: must not be empty',
      'leave the flag out to keep the one in Chart.yaml',
    )
  if (prov === '')
    throw usage(
      'invalid argument "" for "--prov" flag: must be the path of a file',
      'leave the flag out to use the file next to the archive',
    )
}

function refuseProvenance(sources: readonly ChartSource[]): void {
  const [only, ...others] = sources
  if (others.length > 0) {
    throw usage(
      `--prov is for one archive, and there are ${String(sources.length)} charts`,
      'push it alone, or put the provenance file next to the archive as ARCHIVE.prov',
    )
  }
  if (only?.kind === 'folder') {
    throw usage(
      `--prov is for an archive, and ${only.path} is a folder`,
      'a signature belongs to one archive: create both with `helm package --sign`, and push that',
    )
  }
}

function usage(message: string, hint: string): HelmS3Error {
  return new HelmS3Error('usage', message, { hint })
}
