import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type IndexText, readIndexText } from '../../lib/core/index/index-text.ts'
import { chartArchive } from '../support/chart-archive.ts'
import { useEmbeddedBucket } from '../support/embedded-bucket.ts'
import { draftsIn, letAge } from '../support/left-drafts.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const PROGRAM = join(import.meta.dirname, '../../bin/helm-s3')
const KEYS = { accessKeyId: 'key', secretAccessKey: 'secret-key' }
const PUSHES = 8

/** Ends a process by SIGKILL just before it puts something in the place of a file with this name. */
const KILL_BEFORE = (name: string): string => `const fs = require('node:fs')
const { renameSync } = fs
fs.renameSync = (from, to) => {
  if (require('node:path').basename(to) === '${name}') process.kill(process.pid, 'SIGKILL')
  renameSync(from, to)
}
`

/** The program as `npm run build` leaves it in dist/: real processes, one home. */
describe("Helm's local copy of the index", function () {
  this.timeout(60_000)
  const path = useTempFolder()
  let repositories = 0
  let url: string
  const cache = (...parts: string[]): string => path('cache', ...parts)
  const store = useEmbeddedBucket(KEYS)
  const run = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const child = spawn(PROGRAM, args, {
      cwd: path(),
      env: {
        PATH: process.env['PATH'],
        HELM_REPOSITORY_CONFIG: path('repositories.yaml'),
        HELM_REPOSITORY_CACHE: cache(),
        AWS_ENDPOINT_URL: store().endpoint,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
        AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
        ...env,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let stderr = ''
    child.stderr.on('data', (chunk) => (stderr += String(chunk)))
    const [status, signal] = (await once(child, 'close')) as [number | null, string | null]
    return { status, signal, stderr }
  }
  const ok = async (...args: readonly string[]): Promise<void> => {
    assert.deepEqual(await run(args), { status: 0, signal: null, stderr: '' })
  }
  const killBefore = async (name: string, ...args: readonly string[]): Promise<void> => {
    writeFileSync(path('kill.cjs'), KILL_BEFORE(name))
    const { signal } = await run(args, { NODE_OPTIONS: `--require=${path('kill.cjs')}` })
    assert.equal(signal, 'SIGKILL')
  }
  const pushAtOnce = async (names: readonly string[]): Promise<void> => {
    for (const name of names) writeFileSync(path(`${name}.tgz`), await chartArchive(name, '1.0.0'))
    await Promise.all(names.map((name) => ok('push', `${name}.tgz`, url)))
  }
  const local = (): IndexText => readIndexText(readFileSync(cache('stable-index.yaml')))
  const chartNames = (): string[] => readFileSync(cache('stable-charts.txt'), 'utf8').trimEnd().split('\n').sort()
  const many = (start: string): string[] => Array.from({ length: PUSHES }, (_, i) => `${start}-${String(i)}`)

  beforeEach(async () => {
    mkdirSync(cache())
    url = `s3://bucket/${String(repositories++)}`
    await ok('init', url)
    writeFileSync(path('repositories.yaml'), `repositories:\n- name: stable\n  url: ${url}\n`)
    writeFileSync(cache('stable-index.yaml'), 'apiVersion: v1\nentries: {}\n')
  })

  it(`has all of ${String(PUSHES)} charts that are pushed at the same moment, and nothing beside it`, async () => {
    const names = many('app')
    await pushAtOnce(names)
    assert.deepEqual(local().chartNames().sort(), names)
    assert.deepEqual(chartNames(), names)
    assert.deepEqual(readdirSync(cache()).sort(), ['stable-charts.txt', 'stable-index.yaml'])
  })

  it('loses nothing of what is pushed and what is removed at the same moment', async () => {
    const [old, added] = [many('old'), many('new').slice(0, 4)]
    for (const name of old) writeFileSync(path(`${name}.tgz`), await chartArchive(name, '1.0.0'))
    await ok('push', ...old.map((name) => `${name}.tgz`), url)
    const removals = old.slice(0, 4).map((name) => ok('delete', name, url, '--version', '1.0.0'))
    await Promise.all([pushAtOnce(added), ...removals])
    assert.deepEqual(local().chartNames().sort(), [...added, ...old.slice(4)])
    assert.deepEqual(chartNames(), [...added, ...old.slice(4)])
  })

  for (const victim of ['stable-index.yaml', 'stable-charts.txt', '.stable-index.yaml.lock']) {
    it(`waits for no push that was killed before it put ${victim} in place, and is tidied up`, async () => {
      writeFileSync(path('victim.tgz'), await chartArchive('victim', '1.0.0'))
      await killBefore(victim, 'push', 'victim.tgz', url)
      const [draft = '', ...others] = draftsIn(cache())
      assert.deepEqual(others, [])

      const names = ['app-0', 'app-1', 'app-2']
      await pushAtOnce(names)
      const all = victim === 'stable-charts.txt' ? [...names, 'victim'] : names
      assert.deepEqual(local().chartNames().sort(), all)
      assert.deepEqual(chartNames(), all)
      assert.deepEqual(draftsIn(cache()), [draft])

      letAge(draft)
      await ok('delete', 'app-0', url, '--version', '1.0.0')
      assert.deepEqual(readdirSync(cache()).sort(), ['stable-charts.txt', 'stable-index.yaml'])
    })
  }

  it('is not what a killed `fetch` leaves its draft beside: that goes with the next one into the folder', async () => {
    await pushAtOnce(['app', 'lib'])
    const fetch = (name: string): string[] => ['fetch', name, url, '-d', path('out')]
    await killBefore('app-1.0.0.tgz', ...fetch('app'))
    assert.equal(draftsIn(path('out')).length, 1)
    letAge(...draftsIn(path('out')))
    await ok(...fetch('lib'))
    assert.deepEqual(readdirSync(path('out')), ['lib-1.0.0.tgz'])
  })
})
