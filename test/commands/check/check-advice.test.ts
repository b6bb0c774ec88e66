import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { FINDING_KINDS, type FindingCode, type FindingKind } from '../../../lib/core/check/finding-kinds.ts'
import { makeDeltaId } from '../../../lib/core/log/delta-id.ts'
import { HelmS3Error } from '../../../lib/errors.ts'
import type { ObjectStore } from '../../../lib/store/object-store.ts'
import { sha256 } from '../../../lib/sys/sha256.ts'
import { chartArchive } from '../../support/chart-archive.ts'
import { resultOf } from '../../support/json-schema.ts'
import { asKey } from '../../../lib/core/keys.ts'
import { useProgram } from '../../support/program.ts'
import { parts, races } from './measured-stores.ts'
import { URI, testedRepository } from './repository.ts'

const HOUR = 3_600_000

interface Found {
  readonly code: FindingCode
  readonly name: string | null
  readonly version: string | null
  readonly next: string
}

/** A repository with a fault, and what a person does where the advice asks for more than a command. */
interface Case {
  readonly make: () => Promise<unknown>
  /** Of `check`. */
  readonly flags?: readonly string[]
  /**
   * Each remedy that the advice names, by its words. One that begins with `helm s3` is run as written, after `first`
   * and before `then`, which do the manual steps; `says` is the expected stderr, empty when it is not given.
   */
  readonly ways: Readonly<
    Record<
      string,
      | { readonly first?: () => Promise<unknown>; readonly then?: () => Promise<unknown>; readonly says?: RegExp }
      | undefined
    >
  >
  /** Findings that may remain, because they are no faults. */
  readonly leaves?: readonly FindingCode[]
}

/** Codes whose advice asks people to decide, or to change something outside this repository: they are never errors. */
const FOR_PEOPLE: readonly FindingCode[] = [
  'collection-blocked',
  'archive-in-progress',
  'archive-misnamed',
  'archive-duplicate',
  'archive-foreign',
  'archive-elsewhere',
  'provenance-missing',
  'clock-differs',
  'permission-write-missing',
]

describe('the advice of check', () => {
  const program = useProgram()
  const { push, put, remove } = testedRepository(program)

  const edit = async (change: (text: string) => string): Promise<void> => {
    const text = await program.text('charts/index.yaml')
    const changed = change(text)
    assert.notEqual(changed, text)
    await put('index.yaml', changed)
  }
  const checked = async (flags: readonly string[]): Promise<readonly Found[]> => {
    const { stdout, stderr } = await program.run('check', URI, '-ojson', ...flags)
    assert.equal(stderr, '')
    return (resultOf('check', stdout) as { readonly findings: readonly Found[] }).findings
  }
  /** Passes more time than a push or a deletion may take. */
  const later = async (): Promise<void> => program.pass(HOUR / 2)
  const old = async (...steps: readonly Promise<unknown>[]): Promise<void> => {
    for (const step of steps) await step
    program.pass(2 * HOUR)
  }
  /** Pushes so many archives that one more is less than a tenth of them. */
  const pushMany = async (): Promise<unknown> => {
    const paths = await Promise.all(Array.from({ length: 10 }, (_, i) => program.chart('lib', `2.${String(i)}.0`)))
    return program.ok('push', ...paths, URI, '--relative')
  }
  const deny = (matches: (key: string) => boolean): Partial<ObjectStore> => {
    const refuse = async (key: string): Promise<void> => {
      if (matches(key)) throw new HelmS3Error('denied', `AccessDenied: ${key}`)
    }
    const { bucket } = program
    return {
      head: async (key) => (await refuse(key), bucket.head(key)),
      get: async (key, options) => (await refuse(key), bucket.get(key, options)),
      put: async (key, body, options) => (await refuse(key), bucket.put(key, body, options)),
    }
  }
  /** Gives the entry of web 0.1.0 the digest of these bytes. */
  const promise = (bytes: Uint8Array): Promise<void> =>
    edit((text) => text.replace(/("name":"web".*"digest":")[0-9a-f]{64}"/, `$1${sha256(bytes)}"`))
  const sign = async (file: string): Promise<void> => {
    const path = await program.chart('web', '0.1.0')
    writeFileSync(`${path}.prov`, `files:\n  ${file}: sha256:${sha256(readFileSync(path))}\n`)
  }
  const FIX = 'helm s3 check REPO --fix'
  const DEEP_FIX = 'helm s3 check REPO --deep --fix'
  const DELETE = 'helm s3 delete NAME REPO --version=VERSION'
  const staysBehind =
    /^helm-s3: removed from the index, and still in the bucket: charts\/\w+-\d\.\d\.0\.tgz .*otherwise delete the object\n$/
  const staysInFolder =
    /^helm-s3: removed from the index, and still in the bucket: charts\/dir\/web-0\.1\.0\.tgz .*; delete the object if nobody needs it\n$/
  const intoFolder = (text: string): string => text.replace('"web-0.1.0.tgz"', '"dir/web-0.1.0.tgz"')
  const fixed = { [FIX]: undefined }
  const deepFixed = { [DEEP_FIX]: undefined }
  const pushAgain = { then: () => push('web', '0.1.0') }
  const pushByForce = { then: () => push('web', '0.1.0', '--force') }
  const allowed = { then: async () => program.fail({}) }
  const otherStore = { then: async () => program.fail({}) }
  const replaced = async (): Promise<Uint8Array> => chartArchive('web', '0.1.0', { 'NOTES.txt': 'other' })
  const entryLine = (name: string, version: string, more = ''): string =>
    `{"apiVersion":"v2","name":${JSON.stringify(name)},"version":"${version}","urls":["web-0.1.0.tgz"]${more}},\n`

  /** A probe of few rounds. */
  const PROBE = ['--probe', '--rounds=2']

  const refuseSwaps = (): void =>
    program.fail({
      put: async (key, body, options) => {
        if (typeof options.when === 'object') throw new HelmS3Error('unsupported-store', 'the store refuses If-Match')
        return program.bucket.put(key, body, options)
      },
    })
  const overdue = async (): Promise<void> => {
    refuseSwaps()
    await push('web', '2.0.0', '--no-compact')
    program.pass(2 * HOUR)
  }
  const movedStore = { then: async () => (program.fail({}), program.ok('compact', URI)) }

  const cases: Readonly<Record<string, readonly Case[]>> & Partial<Record<FindingCode, readonly Case[]>> = {
    'index-missing': [{ make: () => remove('index.yaml'), ways: fixed }],
    'index-unreadable': [
      { make: () => put('index.yaml', 'entries: {'), ways: fixed },
      { make: () => edit((text) => text.replace('"description":"A chart"', '"description":1')), ways: fixed },
    ],
    'delta-unreadable': [
      {
        make: async () => {
          await push('web', '2.0.0', '--no-compact')
          const ghost = (await program.keys('charts/index.d/')).at(-1)
          program.fail({ get: async (key, options) => (key === ghost ? undefined : program.bucket.get(key, options)) })
          program.pass(11 * 60_000)
        },
        ways: { [FIX]: { then: async () => program.ok('reindex', URI) } },
      },
    ],
    'duplicate-chart': [
      { make: () => edit((text) => text.replace('"entries":{\n', '"entries":{\n"web":[],\n')), ways: fixed },
    ],
    'entry-null': [{ make: () => edit((text) => text.replace('"web":[\n', '"web":[\nnull,\n')), ways: fixed }],
    'entry-digest-invalid': [
      { make: () => edit((text) => text.replace(/"digest":"[0-9a-f]{64}"/, '"digest":"abc"')), ways: fixed },
    ],
    'entry-without-url': [
      { make: () => edit((text) => text.replace('"urls":["web-0.1.0.tgz"]', '"urls":[]')), ways: fixed, leaves: [] },
    ],
    'entry-url-dead': [
      { make: () => edit((text) => text.replace('"web-0.1.0.tgz"', '"charts/web-0.1.0.tgz"')), ways: fixed },
    ],
    'archive-missing': [
      { make: () => remove('web-0.1.0.tgz'), ways: { 'push the chart again': pushAgain, [FIX]: undefined } },
      {
        make: async () => (await edit(intoFolder), remove('web-0.1.0.tgz')),
        ways: { 'push the chart again': pushAgain, [FIX]: undefined },
      },
    ],
    'archive-folder-mismatch': [
      {
        make: async () => old(edit(intoFolder), remove('web-0.1.0.tgz'), put('dir/web-0.1.0.tgz', await replaced())),
        ways: {
          'push the right one with --force': {
            then: () => program.run('push', program.path('web-0.1.0.tgz'), URI, '--relative', '--force'),
          },
          [DELETE]: { says: staysInFolder },
        },
        leaves: ['deltas-uncollected'],
      },
      {
        make: async () =>
          old(edit(intoFolder), remove('web-0.1.0.tgz'), put('dir/web-0.1.0.tgz', await chartArchive('web', '0.2.0'))),
        flags: ['--deep'],
        ways: {
          'push the right one with --force': {
            then: () => program.run('push', program.path('web-0.1.0.tgz'), URI, '--relative', '--force'),
          },
          [DELETE]: { says: staysInFolder },
        },
        leaves: ['deltas-uncollected'],
      },
      // Nothing is in the folder, and the archive below the prefix is another: after the deletion it has no entry.
      {
        make: async () => old(edit(intoFolder), put('web-0.1.0.tgz', await replaced())),
        ways: {
          'push the right one with --force': pushByForce,
          [DELETE]: {
            then: async () => (program.pass(HOUR), await program.ok('compact', URI), program.ok('reindex', URI)),
          },
        },
        leaves: ['deltas-uncollected'],
      },
    ],
    'archive-digest-mismatch': [
      {
        make: async () => old(put('web-0.1.0.tgz', await replaced())),
        ways: { 'push the right one with --force': pushByForce, [FIX]: undefined },
      },
      // An archive that was replaced within two seconds of its push: only reading it shows that.
      {
        make: async () => {
          await edit((text) => text.replace(/("web":\[\n.*"created":")2[^"]*"/, '$12999-01-01T00:00:00Z"'))
          await put('web-0.1.0.tgz', await replaced())
        },
        flags: ['--deep'],
        ways: { 'push the right one with --force': pushByForce, [DEEP_FIX]: undefined },
      },
      // The replaced archive is the first by key, which check requests in any case.
      {
        make: async () => {
          await push('first', '1.0.0')
          await old(put('first-1.0.0.tgz', await chartArchive('first', '1.0.0', { 'NOTES.txt': 'other' })))
        },
        ways: {
          'push the right one with --force': { then: () => push('first', '1.0.0', '--force') },
          [FIX]: undefined,
        },
        leaves: ['deltas-uncollected'],
      },
      // Two entries of one archive, both newer than the archive.
      {
        make: () =>
          edit((text) =>
            text.replace(
              '"web":[\n',
              `"web":[\n${entryLine('web', '0.2.0', `,"created":"2999-01-01T00:00:00Z","digest":"${'0'.repeat(64)}"`)}`,
            ),
          ),
        ways: fixed,
      },
    ],
    'archive-unreadable': [
      {
        make: async () => (await push('first', '1.0.0'), old(put('first-1.0.0.tgz', 'no archive'))),
        ways: {
          'push the chart again with --force': { then: () => push('first', '1.0.0', '--force') },
          [DELETE]: { then: later, says: staysBehind },
        },
        leaves: ['archive-foreign', 'deltas-uncollected'],
      },
      {
        make: () => old(put('web-0.1.0.tgz', 'no archive')),
        ways: { 'push the chart again with --force': pushByForce, [DELETE]: { then: later, says: staysBehind } },
        leaves: ['archive-foreign'],
      },
      {
        make: () => old(put('web-0.1.0.tgz', 'no archive')),
        flags: ['--deep'],
        ways: { 'push the chart again with --force': pushByForce, [DELETE]: { then: later, says: staysBehind } },
        leaves: ['archive-foreign'],
      },
      {
        make: async () =>
          old(put('web-0.1.0.tgz', (await replaced()).subarray(0, 100)), promise((await replaced()).subarray(0, 100))),
        flags: ['--deep'],
        ways: { 'push the chart again with --force': pushByForce, [DELETE]: { then: later } },
      },
    ],
    'archive-unread': [
      {
        make: async () => program.fail(deny((key) => key.endsWith('web-0.1.0.tgz'))),
        flags: ['--deep'],
        ways: { 'grant s3:GetObject on it': allowed },
      },
      {
        make: async () => program.fail(deny((key) => key.endsWith('web-0.1.0.tgz'))),
        flags: ['--deep'],
        ways: { 'helm s3 reindex REPO': { first: async () => program.fail({}) } },
      },
    ],
    'archive-of-other-chart': [
      {
        make: async () => old(put('web-0.1.0.tgz', await chartArchive('web', '0.2.0'))),
        flags: ['--deep'],
        ways: deepFixed,
        leaves: ['archive-misnamed'],
      },
      {
        make: async () => old(put('web-0.1.0.tgz', await chartArchive('lib', '1.0.0'))),
        flags: ['--deep'],
        ways: { [DEEP_FIX]: { then: later } },
        leaves: ['archive-duplicate'],
      },
    ],
    'provenance-mismatch': [
      {
        make: () => put('web-0.1.0.tgz.prov', `files:\n  web-0.1.0.tgz: sha256:${sha256(Buffer.from('others'))}\n`),
        flags: ['--deep'],
        ways: {
          'sign the archive again and push both with --force': {
            then: async () => (
              await sign('web-0.1.0.tgz'),
              program.ok('push', program.path('web-0.1.0.tgz'), URI, '--force', '--relative')
            ),
          },
        },
      },
      {
        make: async () => (
          await sign('web-latest.tgz'),
          program.ok('push', program.path('web-0.1.0.tgz'), URI, '--force', '--any-prov', '--relative')
        ),
        flags: ['--deep'],
        ways: {
          'sign the archive again and push both with --force': {
            then: async () => (
              await sign('web-0.1.0.tgz'),
              program.ok('push', program.path('web-0.1.0.tgz'), URI, '--force', '--relative')
            ),
          },
        },
      },
    ],
    'permission-read-missing': [
      {
        make: async () => program.fail({ list: () => Promise.reject(new HelmS3Error('denied', 'AccessDenied')) }),
        ways: { 'grant it': allowed },
      },
      {
        make: async () => program.fail(deny((key) => key.endsWith('.tgz'))),
        flags: ['--deep'],
        ways: { 'grant it': allowed },
      },
    ],
    'store-stale-reads': [
      {
        make: async () =>
          program.fail({
            head: async (key) => (key.includes('probe') ? undefined : program.bucket.head(key)),
            get: async (key, options) => (key.includes('probe') ? undefined : program.bucket.get(key, options)),
          }),
        flags: PROBE,
        ways: { 'use a store with strong read-after-write consistency': otherStore },
      },
    ],
    'store-refuses-conditions': [
      { make: async () => refuseSwaps(), flags: PROBE, ways: { 'use another store': otherStore } },
      {
        make: async () =>
          program.fail({
            put: async (key, body, options) => {
              if (options.when !== 'always') throw new HelmS3Error('unsupported-store', 'not implemented')
              return program.bucket.put(key, body, options)
            },
          }),
        flags: PROBE,
        ways: { 'use another store': otherStore },
      },
    ],
    'store-listings-wrong': [
      {
        make: async () =>
          program.fail({
            list: async (prefix, options) => {
              const page = await program.bucket.list(prefix, options)
              return options?.most === undefined ? page : { ...page, objects: page.objects.slice(1) }
            },
          }),
        flags: PROBE,
        ways: { 'use another store': otherStore },
      },
    ],
    'store-mixes-bodies': [
      {
        make: async () =>
          program.fail({
            put: async (key, body, options) =>
              program.bucket.put(key, key.endsWith('/body') ? Buffer.from(body).fill('-', 5) : body, options),
          }),
        flags: PROBE,
        ways: { 'use another store': otherStore },
      },
    ],
    'store-create-races': [
      {
        make: async () => program.fail(races({ creations: { rounds: 1, winners: 2 } })(program.bucket)),
        flags: PROBE,
        ways: { 'do not push one version from two places at once': otherStore },
      },
    ],
    'store-swap-races': [
      {
        make: async () => program.fail(races({ swaps: { rounds: 1, winners: 2 } })(program.bucket)),
        flags: PROBE,
        ways: { 'docs/STORES.md': otherStore },
      },
    ],
    'store-clocks-differ': [
      {
        make: async () => {
          let asked = 0
          program.fail({
            head: async (key) => {
              const head = await program.bucket.head(key)
              const ahead = key.includes('probe') && ++asked % 2 === 0 ? 30_000 : 0
              return head && { ...head, date: head.date + ahead }
            },
          })
        },
        flags: PROBE,
        ways: { 'set the clocks of all servers of the store': otherStore },
      },
    ],
    'store-deletes-always': [
      {
        make: async () => program.fail({ delete: async (key) => program.bucket.delete(key) }),
        flags: PROBE,
        ways: { nothing: otherStore },
      },
    ],
    'store-without-winner': [
      {
        make: async () => {
          let asked = 0
          program.fail({
            put: async (key, body, options) =>
              key.endsWith('/create-0') && ++asked <= 16
                ? { outcome: 'refused', isBusy: true }
                : program.bucket.put(key, body, options),
          })
        },
        flags: PROBE,
        ways: { nothing: otherStore },
      },
    ],
    'store-bare-etags': [
      {
        make: async () => program.fail({ etagForm: () => 'bare' }),
        flags: PROBE,
        ways: { 'an update of the store may mend it': otherStore },
      },
    ],
    'store-sends-whole': [
      {
        make: async () => program.fail({ getTail: async (key) => program.bucket.get(key) }),
        flags: PROBE,
        ways: { nothing: otherStore },
      },
    ],
    'store-composes-not': [
      {
        make: async () => program.fail(parts('ignores all')(program.bucket)),
        flags: PROBE,
        ways: { nothing: otherStore },
      },
    ],
    'store-pages-untried': [
      {
        make: async () =>
          program.fail({ list: (prefix, { most: _, ...options } = {}) => program.bucket.list(prefix, options) }),
        flags: PROBE,
        ways: { 'try it with a folder of more than 1000 objects': otherStore },
      },
    ],
    'store-ignores-checksums': [
      {
        make: async () =>
          program.fail({
            put: (key, body, { sha256: _, ...options }) => program.bucket.put(key, body, options),
          }),
        flags: PROBE,
        ways: { nothing: otherStore },
      },
    ],
    'entry-skipped': [
      { make: () => edit((text) => text.replace('"web":[\n', '"web":[\n{"name":"web"},\n')), ways: fixed },
    ],
    'entry-left-out': [
      {
        make: () =>
          edit((text) =>
            text
              .replace(/("name":"web".*"version":")0\.1\.0"/, '$1latest"')
              .replace(/("version":")0\.1\.0(".*"web-0\.1\.0\.tgz")/, '$1latest$2'),
          ),
        ways: { 'helm s3 reindex REPO': undefined },
      },
      {
        make: () => edit((text) => text.replace('"web":[\n', `"web":[\n${entryLine('web', 'latest')}`)),
        ways: { [DELETE]: undefined },
      },
      {
        make: () =>
          edit((text) =>
            text.replace(
              '"web":[\n',
              `"web":[\n${entryLine('web', '1.0.0.0').replace('web-0.1.0.tgz', 'web-1.0.0.0.tgz')}`,
            ),
          ),
        ways: { [DELETE]: undefined },
      },
    ],
    'entry-unnamed': [
      { make: () => edit((text) => text.replace(/("web":\[\n.*)"name":"web",/, '$1')), ways: fixed },
      {
        make: () =>
          edit((text) =>
            text.replace(
              '"web":[\n',
              `"web":[\n${entryLine('../web', '0.9.0').replace('web-0.1.0.tgz', 'https://elsewhere.example/x.tgz')}`,
            ),
          ),
        ways: { [DELETE]: undefined },
      },
    ],
    'entry-duplicate': [
      { make: () => edit((text) => text.replace(/("web":\[\n)(.*)(\n)/, '$1$2,\n$2$3')), ways: fixed },
    ],
    'entry-misplaced': [{ make: () => edit((text) => text.replace('"web":[', '"shop":[')), ways: fixed }],
    'entry-digest-missing': [{ make: () => edit((text) => text.replace(/,"digest":"[0-9a-f]{64}"/, '')), ways: fixed }],
    'entry-digest-elsewhere': [
      {
        make: () =>
          edit((text) =>
            text.replace(
              /("name":"web".*)"web-0\.1\.0\.tgz"(.*),"digest":"[0-9a-f]{64}"/,
              '$1"https://elsewhere.example/web-0.1.0.tgz"$2',
            ),
          ),
        ways: { 'push the chart into this repository with --force': pushByForce },
        leaves: ['archive-elsewhere'],
      },
    ],
    'entry-url-query': [
      {
        make: () =>
          edit((text) =>
            text.replace(
              '"urls":["web-0.1.0.tgz"]',
              '"urls":["s3://acme/charts/web-0.1.0.tgz?endpoint=http://evil.example"]',
            ),
          ),
        ways: fixed,
      },
    ],
    'archive-unlisted': [
      {
        make: async () => (await pushMany(), old(put('old-1.0.0.tgz', await chartArchive('old', '1.0.0')))),
        ways: { 'helm s3 reindex REPO': undefined, 'helm s3 prune REPO --orphans': undefined },
      },
    ],
    'archive-unlisted-misnamed': ['lone-2.0.0.tgz', 'renamed.tgz'].map((file) => ({
      make: async () => old(put(file, await chartArchive('lone', '3.0.0'))),
      ways: { 'helm s3 reindex REPO': undefined, 'delete the object': { then: () => remove(file) } },
      leaves: ['archive-misnamed'] as const,
    })),
    'provenance-stale': [
      {
        make: () => old(put('old-1.0.0.tgz.prov', '-----BEGIN PGP SIGNED MESSAGE-----\n  old-1.0.0.tgz: sha256:0\n')),
        ways: { 'helm s3 prune REPO --orphans': undefined },
      },
    ],
    'delta-ignored': [
      {
        make: () => put('index.d/notes.txt', ''),
        ways: { 'remove the object': { then: () => remove('index.d/notes.txt') } },
      },
      {
        make: () => put(`index.d/${makeDeltaId(1_700_000_000_000, new Uint8Array(10))}.yaml`, '{"apiVersion":"v9"}'),
        ways: {
          'remove the object': {
            then: () => remove(`index.d/${makeDeltaId(1_700_000_000_000, new Uint8Array(10))}.yaml`),
          },
        },
      },
    ],
    'config-too-large': [
      {
        make: () => put('index.d/config.json', JSON.stringify({ relative: true, note: 'x'.repeat(70_000) })),
        ways: {
          'helm s3 config REPO --unset relative': undefined,
          'KEY=VALUE sets them anew': { then: () => program.ok('config', URI, 'relative=true') },
        },
      },
    ],
    'compaction-overdue': [
      {
        make: async () => (await push('web', '2.0.0', '--no-compact'), program.pass(2 * HOUR)),
        ways: { 'helm s3 compact REPO': undefined },
        leaves: ['deltas-uncollected'],
      },
      { make: () => overdue(), ways: { 'helm s3 check REPO --probe': movedStore }, leaves: ['deltas-uncollected'] },
      {
        make: () => overdue(),
        flags: PROBE,
        ways: { 'nothing on this store: it refuses If-Match': movedStore },
        leaves: ['deltas-uncollected'],
      },
    ],
    'clock-skewed': [
      {
        make: async () => void (program.clock = { now: () => Date.now() - 20 * 60_000 }),
        ways: { 'set the clock': { then: async () => void (program.clock = {}) } },
      },
    ],
    'entries-unsorted': [
      { make: () => edit((text) => text.replace(/("lib":\[\n)(.*),\n(.*)\n/, '$1$3,\n$2\n')), ways: fixed },
    ],
    'deltas-pending': [
      { make: () => push('web', '2.0.0', '--no-compact'), ways: { 'helm s3 compact REPO': undefined } },
    ],
    'deltas-uncollected': [
      {
        make: async () => (
          await push('web', '2.0.0', '--no-compact'),
          await program.ok('compact', URI),
          program.pass(2 * HOUR)
        ),
        ways: { 'helm s3 compact REPO': undefined },
      },
    ],
    'probe-incomplete': [
      {
        make: async () => program.fail(deny((key) => key.includes('probe'))),
        flags: PROBE,
        ways: { 'grant what the probe needs': allowed },
      },
    ],
    'probe-leftovers': [
      { make: () => old(put('.helm-s3-probe/0123/create-1', 'x')), ways: { 'helm s3 check REPO --fix': undefined } },
    ],
    'upload-leftovers': [
      {
        make: () => old(Promise.resolve(program.bucket.uploads?.begin(asKey('charts/index.yaml'), {}))),
        ways: { 'helm s3 check REPO --fix': undefined },
      },
    ],
  }

  beforeEach(async () => {
    await program.ok('init', URI)
    await program.ok(
      'push',
      await program.chart('lib', '1.0.0'),
      await program.chart('lib', '1.1.0'),
      await program.chart('web', '0.1.0'),
      URI,
      '--relative',
    )
    program.pass(2 * HOUR)
    await program.ok('compact', URI)
  })

  const all = Object.entries(FINDING_KINDS) as readonly (readonly [FindingCode, FindingKind])[]

  it('is tested for each finding that is an error or names a command', () => {
    const untried = all.filter(
      ([code, { next, severity }]) =>
        cases[code] === undefined && (severity === 'error' || /helm s3/.test(next) || !FOR_PEOPLE.includes(code)),
    )
    assert.deepEqual(untried, [])
    assert.deepEqual(
      FOR_PEOPLE.filter((code) => FINDING_KINDS[code].severity === 'error'),
      [],
    )
  })

  for (const [code, each] of Object.entries(cases) as readonly (readonly [FindingCode, readonly Case[]])[]) {
    each.forEach(({ flags = [], leaves = [], make, ways }, i) => {
      for (const [way, { first, says = /^$/, then } = {}] of Object.entries(ways)) {
        it(`repairs ${code}${each.length > 1 ? ` (case ${String(i + 1)})` : ''}: ${way}`, async () => {
          assert.deepEqual(await checked([]), [])
          await make()
          const found = (await checked(flags)).find((one) => one.code === code)
          assert.ok(found, `${code} is found, not ${JSON.stringify(await checked(flags))}`)
          const words = way.replaceAll('REPO', URI)
          assert.ok(found.next.includes(words), `"${found.next}" says "${words}"`)
          await first?.()
          if (way.startsWith('helm s3')) {
            const argv = words
              .replaceAll('NAME', found.name ?? '')
              .replaceAll('VERSION', found.version ?? '')
              .split(' ')
              .slice(2)
            const { status, stderr } = await program.run(...argv)
            assert.match(stderr, says)
            assert.ok(status === 0 || argv[0] === 'check')
          }
          await then?.()
          const left = (await checked(flags)).filter((one) => !leaves.includes(one.code))
          assert.deepEqual(left, [])
        })
      }
    })
  }
})
