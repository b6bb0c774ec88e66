import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { chartList, parseKeepList } from '../../../lib/core/keep-list.ts'
import { readIndexText } from '../../../lib/core/index/index-text.ts'
import { baseFile } from '../../../lib/disk/base-file.ts'
import { cachedChartNames, cachedDeletedVersions, cachedVersions } from '../../../lib/disk/cached-charts.ts'
import { updateIndexCache } from '../../../lib/disk/index-cache.ts'
import { readReleaseCharts } from '../../../lib/disk/releases.ts'
import { findRepository, queriesAround, readRepositories, repositoriesAt } from '../../../lib/disk/repositories.ts'
import { asKey, parseRepositoryUrl } from '../../../lib/core/keys.ts'
import { asETag } from '../../../lib/store/object-store.ts'
import { delta, entry, indexOf } from '../../support/builders.ts'
import { skippingClock } from '../../support/skipping-clock.ts'
import { type FuzzTarget, orRefused, texts } from '../target.ts'

/** What lies on this machine: files of Helm and of this program, and lists that people and programs write. */

let folder: string | undefined

/** A path in a folder of this thread, which the operating system clears away. */
function path(...parts: readonly string[]): string {
  folder ??= mkdtempSync(join(tmpdir(), 'helm-s3-fuzz-machine-'))
  const whole = join(folder, ...parts)
  mkdirSync(dirname(whole), { recursive: true })
  return whole
}

function put(file: string, bytes: Uint8Array): string {
  writeFileSync(path(file), bytes)
  return path(file)
}

const LAB = { name: 'lab', url: 's3://acme/charts' }
const PLACE = parseRepositoryUrl('s3://acme/charts?region=eu-west-1')
const INDEXES = new URL('../../../fixtures/indexes/', import.meta.url)

const CHANGE = delta(1, { add: [entry('app', '1.2.0')], remove: [{ name: 'app', version: '1.0.0' }] })

/** Helm's copy of an index, as it is and after a change of it. */
async function readHelmCaches(bytes: Buffer): Promise<void> {
  const cache = dirname(put('cache/lab-index.yaml', bytes))
  await cachedVersions(cache, LAB, 'app')
  await cachedDeletedVersions(cache, LAB, 'app')
  await orRefused(['invalid-index'], async () => {
    await updateIndexCache(cache, LAB, CHANGE, skippingClock())
    const changed = readIndexText(readFileSync(path('cache/lab-index.yaml')))
    assert.ok(changed.items('app').some(({ version }) => version === '1.2.0'))
    assert.ok((await cachedVersions(cache, LAB, 'app')).includes('1.2.0'))
    assert.ok((await cachedChartNames(cache, LAB)).includes('app'))
  })
  writeFileSync(path('cache/other-charts.txt'), bytes)
  for (const name of await cachedChartNames(cache, { ...LAB, name: 'other' })) assert.ok(!name.includes('\n'))
}

const BODY = Buffer.from('apiVersion: v1\nentries: {}\n')

/** A kept base as this program writes it. */
async function keptBase(): Promise<Buffer> {
  const cache = dirname(path('kept/x'))
  await baseFile(cache, 'place').keep({ etag: asETag('"e"'), lastModified: 1, body: BODY })
  return readFileSync(baseOf(cache))
}

function baseOf(cache: string): string {
  const [file = ''] = readdirSync(join(cache, 'helm-s3')).filter((each) => each.endsWith('.base'))
  return join(cache, 'helm-s3', file)
}

let kept: string | undefined

export const MACHINE_TARGETS: Readonly<Record<string, FuzzTarget>> = {
  'repositories-file': {
    corpus: () =>
      texts(
        'apiVersion: ""\ngenerated: "0001-01-01T00:00:00Z"\nrepositories:\n- caFile: ""\n  certFile: ""\n  ' +
          'insecure_skip_tls_verify: false\n  keyFile: ""\n  name: lab\n  pass_credentials_all: false\n  password: ""\n  ' +
          'url: s3://acme/charts?region=eu-west-1\n  username: ""\n- name: stable\n  url: https://charts.example.com\n',
        'apiVersion: v1\nrepositories: &all\n- {name: lab, url: "s3://acme"}\nothers: *all\n',
        '{"repositories":[{"name":"lab","url":"s3://acme/a?endpoint=http://localhost:9000"},null]}',
      ),
    take: async (bytes) => {
      const file = put('repositories.yaml', bytes)
      await orRefused(['invalid-config'], async () => {
        const all = (await readRepositories(file)) ?? []
        for (const { name, url } of all) assert.ok(typeof name === 'string' && typeof url === 'string')
        repositoriesAt(PLACE, all)
      })
      await orRefused(['invalid-config', 'invalid-url', 'unknown-repository'], () => findRepository('lab', file))
      const object = { bucket: 'acme', key: asKey('charts/app-1.0.0.tgz'), query: 'region=eu-west-1' }
      await orRefused(['invalid-config'], () => queriesAround(object, file))
    },
  },
  'helm-caches': {
    corpus: () => [
      readFileSync(new URL('helm-repo-index.yaml', INDEXES)),
      readFileSync(new URL('helm-repo-index.json', INDEXES)),
      indexOf(entry('app', '1.0.0'), entry('web', '0.2.0')).toBytes(),
      ...texts('anchor\nbeacon\napp\n'),
    ],
    take: readHelmCaches,
    share: 0.2,
  },
  'kept-base': {
    corpus: async () => [await keptBase()],
    take: async (bytes) => {
      const cache = dirname(path('kept/x'))
      kept ??= baseOf(cache)
      writeFileSync(kept, bytes)
      const found = await baseFile(cache, 'place').find()
      if (found === undefined) return
      assert.ok(typeof found.etag === 'string' && Number.isFinite(found.lastModified))
      const body = await found.read()
      if (body !== undefined) assert.ok(bytes.includes(Buffer.from(body)))
    },
    share: 0.5,
  },
  releases: {
    corpus: () =>
      texts(
        '[{"name":"web","namespace":"default","revision":"1","updated":"2026-01-01 00:00:00.123456789 +0000 UTC",' +
          '"status":"deployed","chart":"app-1.0.0","app_version":"1.0"}]',
        '- app_version: "1.0"\n  chart: app-1.1.0-rc.1+build\n  name: web\n  namespace: default\n  revision: "2"\n  ' +
          'status: failed\n',
        '[]\n',
      ),
    take: (bytes) =>
      orRefused(['invalid-config'], async () => {
        chartList(await readReleaseCharts(put('releases.json', bytes)))({ name: 'app', version: '1.0.0' })
      }),
  },
  'keep-list': {
    corpus: () =>
      texts(
        '# what runs\napp 1.0.0\nweb: 0.2.*\n"my app" "1.0"\napp-{1,2}.0.0\n[a-c]?? # comment\r\n',
        'name with spaces 1.0.0+build\n*-*\n',
      ),
    take: (bytes) => {
      const list = parseKeepList(bytes.toString())
      for (const id of [entry('app', '1.0.0'), entry('name with spaces', '1.0.0+build')]) {
        list.names(id)
        list.note(id)
      }
      for (const line of list.unmatched()) assert.ok(!line.includes('\n'))
    },
  },
}
