import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Context } from '../context.ts'
import { findVersion } from '../core/constraint.ts'
import type { Entry } from '../core/entry.ts'
import type { IndexText } from '../core/index/index-text.ts'
import { type ObjectLocation, provenanceKey, resolveEntryUrl } from '../core/keys.ts'
import { HelmS3Error } from '../errors.ts'
import { writeFileAtomically } from '../helm/atomic-write.ts'
import { findRepository } from '../helm/repositories.ts'
import { unpackChart } from '../helm/unpack-chart.ts'
import type { Session } from '../protocol/session.ts'
import type { ObjectStore } from '../store/object-store.ts'
import { sha256 } from '../sys/sha256.ts'
import { localFileError } from '../sys/system-error.ts'
import { readIndex } from './readable-index.ts'

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

const MAX_ATTEMPTS = 4

/** `helm s3 fetch NAME REPO`: what `helm pull` does, against the merged index, with the digest checked. Overwrites, as Helm does. */
export async function fetch(context: Context, options: FetchCommand): Promise<void> {
  const location = await findRepository(options.repository, context.config.helm.repositoriesFile)
  const session = await context.openSession(location)
  const chart = await fetchChart(context, session, options)
  const { name, version } = chart.entry
  if (options.prov && chart.provenance === undefined) {
    context.output.notice(`helm-s3: there is no provenance file of ${name} ${version}`)
  }
  const paths = await writeChart(chart, options)
  context.output.result([], { repository: location.url, name, version, digest: chart.digest, ...paths })
}

/**
 * Looks again when entry and archive do not fit together: a forced push that is between its two writes, or a deletion, ends
 * within moments.
 */
async function fetchChart(context: Context, session: Session, options: FetchCommand): Promise<FetchedChart> {
  for (let attempt = 1; ; attempt++) {
    const entry = chooseEntry(await readIndex(context, session), options)
    const fetched = await fetchArchive(context, session, entry, options)
    if (!(fetched instanceof HelmS3Error)) return fetched
    if (attempt === MAX_ATTEMPTS) throw fetched
    await session.clock.sleep((0.5 + session.random.fraction()) * 250 * 2 ** attempt)
  }
}

function chooseEntry(index: IndexText, { name, version, devel }: FetchCommand): Entry {
  const entries = index.versions(name)
  const entry = findVersion(entries, version ?? (devel ? '>0.0.0-0' : ''))
  if (entry !== undefined) return entry
  if (entries.length === 0) throw new HelmS3Error('not-found', `chart ${name} not found in index`)
  const newest = entries.slice(0, 5).map((each) => each.version)
  const more = entries.length > newest.length ? ` and ${String(entries.length - newest.length)} older` : ''
  const wanted = version === undefined ? 'has no stable version' : `version ${version} not found in index`
  throw new HelmS3Error('not-found', `chart ${name} ${wanted}`, { hint: `there are ${newest.join(', ')}${more}` })
}

/** The error, returned, of an entry and an archive that do not fit together. */
async function fetchArchive(
  context: Context,
  session: Session,
  entry: Entry,
  { prov }: FetchCommand,
): Promise<FetchedChart | HelmS3Error> {
  const { bucket, key, query } = archiveOf(session, entry)
  const store: ObjectStore = bucket === session.location.bucket ? session.store : await context.openStore(bucket, query)
  const object = await store.get(key)
  const what = `${entry.name} ${entry.version}`
  if (object === undefined) {
    return new HelmS3Error('not-found', `the archive of ${what} is not there: s3://${bucket}/${key}`, {
      hint: `push it again, or take it out of the index with \`helm s3 delete ${entry.name} ${session.location.address} --version=${entry.version}\``,
    })
  }
  const digest = sha256(object.body)
  const promised = /^(?:sha256:)?([0-9a-f]{64})$/i.exec(entry.digest ?? '')?.[1]?.toLowerCase()
  if (promised !== undefined && promised !== digest) {
    return new HelmS3Error('corrupt-download', `the archive of ${what} is not what the index promises: SHA-256 ${digest}, not ${promised}`, {
      hint: 'somebody replaced it without this program; push the right one with --force',
    })
  }
  const provenance = prov ? (await store.get(provenanceKey(key)))?.body : undefined
  return { entry, archive: object.body, digest, fileName: key.slice(key.lastIndexOf('/') + 1), provenance }
}

/** @throws HelmS3Error `invalid-url` when the entry has no url in S3 that names a file */
function archiveOf({ location }: Session, { name, version, urls }: Entry): ObjectLocation {
  const url = urls?.[0]
  if (url === undefined) throw new HelmS3Error('invalid-url', `chart ${name} version ${version} has no downloadable URLs`)
  const archive = resolveEntryUrl(location, url)
  const file = archive.key.slice(archive.key.lastIndexOf('/') + 1)
  if (file === '' || file === '.' || file === '..' || /[\\\p{Cc}]/u.test(file)) {
    throw new HelmS3Error('invalid-url', `the url of ${name} ${version} names no file: ${JSON.stringify(url)}`)
  }
  return archive
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
