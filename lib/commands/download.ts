import type { Context } from '../context.ts'
import { type Key, type ObjectLocation, asKey, parseS3Url, repositoryAt } from '../core/keys.ts'
import { joinSmall } from '../core/index/pieces.ts'
import { HelmS3Error, hasCode } from '../errors.ts'
import { queryOfRepository } from '../helm/repositories.ts'

const INDEX_FILE = 'index.yaml'

/**
 * `helm s3 download CERT KEY CA URL`: what Helm calls for every `s3://` URL. An index is merged on read; any other object
 * is handed through. Helm keeps whatever stands on stdout when this ends well, so it ends well only after the whole object
 * has been checked against what the store announced.
 */
export async function download(context: Context, url: string): Promise<void> {
  const typed = parseS3Url(url)
  const query = typed.query === '' ? await queryOfRepository(typed, context.config.helm.repositoriesFile) : typed.query
  const object = { ...typed, query }
  const slash = object.key.lastIndexOf('/')
  if (object.key.slice(slash + 1) === INDEX_FILE) await downloadIndex(context, object, url)
  else await downloadObject(context, object, url)
}

async function downloadIndex(context: Context, { bucket, key, query }: ObjectLocation, url: string): Promise<void> {
  const session = await context.openSession(repositoryAt(bucket, key.slice(0, -INDEX_FILE.length), query))
  // What reads an index is not loaded for an archive: Helm waits for the start of this program at every file.
  const { readIndex } = await import('./readable-index.ts')
  try {
    const index = await readIndex(context, session)
    for (const chunk of joinSmall(index.chunks())) await context.output.bytes(chunk)
  } catch (error) {
    if (hasCode(error, 'missing-index') && error.hint?.includes('helm s3 init') === true) throw missingIndex(url)
    throw named(url, error)
  }
}

async function downloadObject(context: Context, { bucket, key, query }: ObjectLocation, url: string): Promise<void> {
  const store = await context.openStore(bucket, query)
  try {
    for (const candidate of spellings(key)) {
      const pieces = await store.stream(candidate)
      if (pieces === undefined) continue
      for await (const piece of pieces) await context.output.bytes(piece)
      return
    }
  } catch (error) {
    throw named(url, error)
  }
  throw new HelmS3Error('not-found', `fetch from s3 url=${url}: object not found`)
}

/**
 * The key, then the key decoded once more: for dependencies of configured repositories Helm 3 encodes `%2B` again, to
 * `%252B` (helm/helm pkg/downloader/manager.go, normalizeURL).
 */
function spellings(key: Key): readonly Key[] {
  if (!/%[0-9a-f]{2}/i.test(key)) return [key]
  try {
    return [key, asKey(decodeURIComponent(key))]
  } catch {
    return [key]
  }
}

function missingIndex(url: string): HelmS3Error {
  const [path = '', query] = url.split('?', 2)
  const folder = path.slice(0, path.lastIndexOf(INDEX_FILE)).replace(/\/$/, '')
  const repository = query === undefined ? folder : `${folder}?${query}`
  const message =
    `The index file does not exist by the path ${url}. ` +
    `If you haven't initialized the repository yet, try running \`helm s3 init ${repository}\``
  return new HelmS3Error('missing-index', message, { bare: true })
}

/** Helm shows nothing of the call but our text: it has to name the URL. */
function named(url: string, error: unknown): unknown {
  if (!(error instanceof HelmS3Error)) return error
  const message = error.code === 'missing-bucket' ? 'bucket not found' : error.message
  return new HelmS3Error(error.code, `fetch from s3 url=${url}: ${message}`, {
    cause: error,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  })
}
