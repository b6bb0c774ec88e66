import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Context } from '../../ui/context.ts'
import { isSameBuild, isWhole } from '../../core/helm/constraint.ts'
import type { Entry } from '../../core/log/entry.ts'
import { HelmS3Error } from '../../errors.ts'
import { writeFileAtomically } from '../../disk/atomic-write.ts'
import { unpackChart } from '../../disk/unpack-chart.ts'
import type { Session } from '../../protocol/session/session.ts'
import { localFileError } from '../../sys/system-error.ts'
import {
  chooseEntry,
  findEntryArchive,
  readEntryArchive,
  readProvenance,
  untilInAgreement,
} from '../../protocol/archives/entry-archive.ts'
import { openRepository } from '../steps/open-repository.ts'
import { readIndex } from '../steps/readable-index.ts'

export interface FetchCommand {
  readonly name: string
  /** Name or URI, as typed. */
  readonly repository: string
  /** Exact version or constraint; undefined: the newest. */
  readonly version: string | undefined
  /** Takes pre-releases for new, as the constraint `>0.0.0-0` does. */
  readonly devel: boolean
  /** Folder; made when it is missing. */
  readonly destination: string
  readonly prov: boolean
  readonly untar: boolean
}

/** An archive whose bytes are those that its entry promises. */
interface FetchedChart {
  readonly entry: Entry
  readonly archive: Uint8Array
  readonly digest: string
  readonly fileName: string
  readonly provenance: Uint8Array | undefined
}

/**
 * `helm s3 fetch NAME REPO`: what `helm pull` does, against the merged index, with the digest checked. Overwrites, as
 * Helm does.
 */
export async function fetch(context: Context, options: FetchCommand): Promise<void> {
  const session = await openRepository(context, options.repository)
  const chart = await fetchChart(context, session, options)
  const { name, version } = chart.entry
  if (options.prov && chart.provenance === undefined) {
    context.output.notice(`helm-s3: ${name} ${version} has no provenance file`)
  }
  if (options.version !== undefined && isWhole(options.version) && !isSameBuild(options.version, version)) {
    context.output.notice(`helm-s3: ${name} ${options.version} does not exist; took ${version}, as Helm does`)
  }
  const paths = await writeChart(chart, options)
  context.output.result([], { repository: session.location.url, name, version, digest: chart.digest, ...paths })
}

function fetchChart(context: Context, session: Session, options: FetchCommand): Promise<FetchedChart> {
  return untilInAgreement(session, async () => {
    const entry = chooseEntry(await readIndex(context, session, { charts: [options.name] }), options)
    const archive = await findEntryArchive((bucket, query) => context.openStore(bucket, query), session, entry)
    const object = await readEntryArchive(archive)
    if (object instanceof HelmS3Error) return object
    const provenance = options.prov ? await readProvenance(archive) : undefined
    return { entry, archive: object.body, digest: object.digest, fileName: archive.fileName, provenance }
  })
}

interface WrittenPaths {
  readonly file: string | null
  readonly provenance: string | null
  readonly directory: string | null
}

async function writeChart(chart: FetchedChart, { destination, untar }: FetchCommand): Promise<WrittenPaths> {
  try {
    mkdirSync(destination, { recursive: true })
  } catch (cause) {
    throw localFileError(destination, 'make the folder', cause)
  }
  const file = join(destination, chart.fileName)
  const provenance = chart.provenance === undefined ? null : `${file}.prov`
  if (provenance !== null && chart.provenance !== undefined) writeFileAtomically(provenance, chart.provenance)
  if (untar) return { file: null, provenance, directory: await unpackChart(chart.archive, destination) }
  writeFileAtomically(file, chart.archive)
  return { file, provenance, directory: null }
}
