import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { readIndexText } from '../lib/core/index/index-text.ts'
import { asKey } from '../lib/core/keys.ts'
import { type EmbeddedStore, startEmbeddedStore } from '../embedded/embedded-store.ts'
import { listAll } from '../lib/store/object-store.ts'
import { createS3Store } from '../lib/store/s3/store.ts'
import { connectionSettings } from '../lib/settings/connection.ts'
import { silenceSdk } from '../lib/sys/silence-sdk.ts'
import { writeChart } from './demo/charts.ts'
import { type Environment, findProgram, run } from './demo/programs.ts'

/**
 * `npm start`: the main job of the program, on a store of its own, step by step. `-- --keep` leaves the store running.
 * Everything it writes lies in a folder that is removed at the end.
 */

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PROGRAM = join(ROOT, 'bin', process.platform === 'win32' ? 'helm-s3.cmd' : 'helm-s3')
const BUCKET = 'demo'
const URL_OF_REPOSITORY = `s3://${BUCKET}/charts`
const PUSHERS = 8
const SIX_MINUTES = 6 * 60_000

let steps = 0

const { values: flags } = parseArgs({ options: { keep: { type: 'boolean', default: false } } })
const folder = await mkdtemp(join(tmpdir(), 'helm-s3-demo-'))
const store = await startEmbeddedStore({ folder: join(folder, 'store'), accessKey: 'demo', secretKey: 'demo-secret' })
try {
  await demonstrate(store)
  if (flags.keep) await keep(store)
} finally {
  await store.close()
  await rm(folder, { recursive: true, force: true })
}

async function demonstrate({ endpoint, ...store }: EmbeddedStore): Promise<void> {
  const env = environment(endpoint)
  const helmS3 = (...args: string[]): Promise<string> => run(PROGRAM, args, env, folder)
  silenceSdk()
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'demo', secretAccessKey: 'demo-secret' },
  })
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }))
  client.destroy()
  const bucket = await createS3Store(connectionSettings({}, undefined, env), BUCKET)
  const showBucket = async (): Promise<void> => {
    const { objects } = await listAll(bucket, '')
    for (const { key, size } of objects) say(`    ${key.padEnd(52)} ${String(size).padStart(6)} bytes`)
  }
  const showIndexes = async (): Promise<void> => {
    const base = await bucket.get(asKey('charts/index.yaml'))
    const merged = readIndexText(Buffer.from(await helmS3('download', '', '', '', `${URL_OF_REPOSITORY}/index.yaml`)))
    const inBase = base === undefined ? 0 : readIndexText(base.body).countEntries()
    say(
      `    index.yaml alone: ${String(inBase)} charts; as this plugin serves it to Helm: ` +
        `${String(merged.countEntries())} charts`,
    )
  }

  step('An S3 store of its own, in a temporary folder', endpoint)
  step('A repository', `helm s3 init ${URL_OF_REPOSITORY}`)
  await helmS3('init', URL_OF_REPOSITORY)
  await showBucket()

  const names = Array.from({ length: PUSHERS }, (_, i) => `app-${String(i + 1)}`)
  for (const name of names) await writeChart(join(folder, `${name}.tgz`), name, '1.0.0')
  step(
    `${String(PUSHERS)} processes push at the same moment, none compacts`,
    `helm s3 push app-N.tgz ${URL_OF_REPOSITORY} --no-compact`,
  )
  await Promise.all(names.map((name) => helmS3('push', `${name}.tgz`, URL_OF_REPOSITORY, '--no-compact')))
  await showBucket()
  say(`  Each push is one delta in index.d/. Readers merge on read:`)
  await showIndexes()

  step(
    'Two processes compact at the same moment; one wins, the other finds nothing left',
    `helm s3 compact ${URL_OF_REPOSITORY}`,
  )
  const said = await Promise.all([0, 1].map(() => helmS3('compact', URL_OF_REPOSITORY)))
  for (const text of said) say(`    ${text.trim().replaceAll('\n', '\n    ')}`)
  await showIndexes()

  step('One version is deleted', `helm s3 delete app-1 ${URL_OF_REPOSITORY} --version 1.0.0`)
  say(`    ${(await helmS3('delete', 'app-1', URL_OF_REPOSITORY, '--version', '1.0.0')).trim()}`)
  await showIndexes()

  step(
    'Six minutes later (the clock of the store is moved) the deltas are past the grace window',
    `helm s3 compact ${URL_OF_REPOSITORY}`,
  )
  store.advance(SIX_MINUTES)
  say(`    ${(await helmS3('compact', URL_OF_REPOSITORY)).trim().replaceAll('\n', '\n    ')}`)
  await showBucket()

  step('A chart is fetched, and its digest checked', `helm s3 fetch app-2 ${URL_OF_REPOSITORY} -o json`)
  say(`    ${(await helmS3('fetch', 'app-2', URL_OF_REPOSITORY, '-o', 'json')).trim().replaceAll('\n', '\n    ')}`)

  const helm = findProgram('helm')
  if (helm === undefined)
    step(
      'There is no helm on the PATH; with one, this is where it would search and pull',
      'https://helm.sh/docs/intro/install',
    )
  else await demonstrateHelm(helm, env)
  say('\nDone: nothing was lost. `npm start -- --keep` leaves the store running, to try it by hand.')
}

async function demonstrateHelm(program: string, env: Environment): Promise<void> {
  const helm = (...args: string[]): Promise<string> => run(program, args, env, folder)
  step(
    'The real Helm, with this plugin',
    `helm repo add demo ${URL_OF_REPOSITORY}; helm search repo demo/; helm pull demo/app-3`,
  )
  await helm('plugin', 'install', ROOT.replace(/[/\\]$/, ''))
  await helm('repo', 'add', 'demo', URL_OF_REPOSITORY)
  say(`    ${(await helm('search', 'repo', 'demo/')).trim().replaceAll('\n', '\n    ')}`)
  await helm('pull', 'demo/app-3')
}

async function keep(store: EmbeddedStore): Promise<void> {
  // A newcomer's first `check` would find a clock that is wrong.
  store.advance(-SIX_MINUTES)
  say(`\nThe store runs on, with this repository: ${URL_OF_REPOSITORY}. In another terminal:\n`)
  for (const [name, value] of Object.entries(credentials(store.endpoint))) say(`  export ${name}=${value}`)
  say(`\n  ${PROGRAM} --help\n  helm plugin install ${ROOT}\n\nCtrl-C ends it.`)
  await new Promise((resolve) => {
    const alive = setInterval(() => undefined, 60_000)
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        clearInterval(alive)
        resolve(undefined)
      })
    }
  })
}

function credentials(endpoint: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'demo',
    AWS_SECRET_ACCESS_KEY: 'demo-secret',
  }
}

/** This process's environment without what would lead elsewhere, with Helm's state in the temporary folder. */
function environment(endpoint: string): Environment {
  const own = Object.entries(process.env).filter(([name]) => !/^(AWS_|HELM_|S3_)/.test(name))
  const homes = {
    HELM_CONFIG_HOME: join(folder, 'config'),
    HELM_CACHE_HOME: join(folder, 'cache'),
    HELM_DATA_HOME: join(folder, 'data'),
  }
  return { ...Object.fromEntries(own), ...homes, ...credentials(endpoint) }
}

function step(what: string, command: string): void {
  say(`\n${String(++steps)}. ${what}\n   $ ${command}`)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
