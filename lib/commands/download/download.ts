import type { Context } from '../../ui/context.ts'
import { type Key, type ObjectLocation, asKey, isSameStore, parseS3Url, repositoryAt } from '../../core/keys.ts'
import { joinSmall } from '../../core/index/pieces.ts'
import { HelmS3Error, hasCode } from '../../errors.ts'
import { queriesAround } from '../../disk/repositories.ts'
import { shellWord } from '../../text/terminal-text.ts'

const INDEX_FILE = 'index.yaml'

/**
 * `helm s3 download CERT KEY CA URL`: what Helm calls for every `s3://` URL. An index is merged on read; any other
 * object is handed through. Helm keeps whatever stands on stdout when this ends well, so it ends well only after the
 * whole object has been checked against what the store announced.
 */
export async function download(context: Context, url: string): Promise<void> {
  const object = parseS3Url(url)
  const slash = object.key.lastIndexOf('/')
  if (object.key.slice(slash + 1) === INDEX_FILE) await downloadIndex(context, object, url)
  else await downloadObject(context, { ...object, query: await queryOfObject(context, object, url) }, url)
}

/**
 * The query with which an object is requested. An index can give any URL for a chart, with any query, and Helm passes
 * it on as it is. So the query of the URL is used only if a repository that contains the object is reached in the same
 * way: one of Helm's list, or one whose index Helm has requested with this query before, because its URL is on a
 * command line or in a Chart.yaml. (A region is always used: it leads to no host outside AWS.)
 * @throws HelmS3Error `invalid-url`
 */
async function queryOfObject({ config }: Context, object: ObjectLocation, url: string): Promise<string> {
  const { cacheFolder, repositoriesFile } = config.helm
  const around = await queriesAround(object, repositoriesFile)
  if (object.query === '') return around[0] ?? ''
  const same = around.find((query) => isSameStore(query, object.query))
  if (same !== undefined) return same
  const { wasRepositoryAsked } = await import('../../disk/asked-repositories.ts')
  if (await wasRepositoryAsked(cacheFolder, object)) return object.query
  if (around[0] !== undefined) return around[0]
  if (!isSameStore(object.query, '')) throw notOfRepository(url)
  const region = new URLSearchParams(object.query).get('region')
  return region === null ? '' : new URLSearchParams({ region }).toString()
}

async function downloadIndex(context: Context, object: ObjectLocation, url: string): Promise<void> {
  const { bucket, key } = object
  const prefix = asKey(key.slice(0, -INDEX_FILE.length))
  const { cacheFolder, repositoriesFile } = context.config.helm
  const query = object.query === '' ? ((await queriesAround(object, repositoriesFile))[0] ?? '') : object.query
  const session = await context.openSession(repositoryAt(bucket, prefix, query))
  // What reads an index is not loaded for an archive: Helm waits for the start of this program at every file.
  const { readIndex } = await import('../steps/readable-index.ts')
  try {
    let index = await readIndex(context, session)
    if (object.query !== '') {
      const { noteAskedRepository } = await import('../../disk/asked-repositories.ts')
      context.beforeEnd(noteAskedRepository(cacheFolder, { bucket, key: prefix, query }))
      const { relativeToRepository } = await import('../../core/entry-urls.ts')
      index = relativeToRepository(index, session.location)
    }
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

function notOfRepository(url: string): HelmS3Error {
  return new HelmS3Error(
    'invalid-url',
    `fetch from s3 url=${url}: no repository around this object is reached by this query`,
    {
      hint:
        'an index does not choose where requests go: add the repository with its query, `helm repo add NAME ' +
        's3://BUCKET/PREFIX?...`, or set AWS_ENDPOINT_URL or AWS_PROFILE',
    },
  )
}

function missingIndex(url: string): HelmS3Error {
  const [path = '', query] = url.split('?', 2)
  const folder = path.slice(0, path.lastIndexOf(INDEX_FILE)).replace(/\/$/, '')
  const repository = query === undefined ? folder : `${folder}?${query}`
  const message =
    `The index file does not exist by the path ${url}. ` +
    `If you haven't initialized the repository yet, try running \`helm s3 init ${shellWord(repository)}\``
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
