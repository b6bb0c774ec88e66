import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { sha256 } from '../../../lib/sys/sha256.ts'
import { chartArchive } from '../../support/chart-archive.ts'
import { resultOf } from '../../support/json-schema.ts'
import { useProgram } from '../../support/program.ts'

const URI = 's3://acme/charts'
const UPLOADED = 'Successfully uploaded the chart to the repository.\n'
const KEPT = 'The chart already exists in the repository, keep existing chart and ignore push.\n'

interface Index {
  readonly entries: Readonly<
    Record<string, readonly { readonly version: string; readonly urls: readonly string[]; readonly digest: string }[]>
  >
}

describe('push', () => {
  const program = useProgram()
  const index = async (): Promise<Index> => JSON.parse(await program.text('charts/index.yaml')) as Index
  const versions = async (name: string): Promise<string[]> =>
    ((await index()).entries[name] ?? []).map(({ version }) => version)

  beforeEach(async () => {
    await program.ok('init', URI)
  })

  it('refuses a provenance file that names another file without --any-prov, as copy does, and check --deep reports it', async () => {
    await program.ok('init', 's3://acme/other')
    const path = await program.chart('signed', '1.0.0')
    const prov = (name: string): void =>
      writeFileSync(`${path}.prov`, `files:\n  ${name}: sha256:${sha256(readFileSync(path))}\n`)
    prov('signed-latest.tgz')
    assert.match(
      await program.fails('push', path, URI),
      /the provenance file of \S+signed-1\.0\.0\.tgz cannot be used in a repository: it names signed-latest\.tgz, not signed-1\.0\.0\.tgz/,
    )
    assert.equal(await program.object('charts/signed-1.0.0.tgz'), undefined)
    await program.ok('push', path, URI, '--any-prov')
    assert.match(await program.fails('copy', 'signed', URI, 's3://acme/other'), /it names signed-latest\.tgz/)
    await program.ok('copy', 'signed', URI, 's3://acme/other', '--any-prov')
    assert.match(
      (await program.run('check', URI, '--deep')).stdout,
      /provenance-mismatch[^]*it names signed-latest\.tgz/,
    )
    prov('signed-1.0.0.tgz')
    await program.ok('push', path, URI, '--force')
    await program.ok('check', URI, '--deep')
  })

  it('refuses two versions with the same key, in one push or in two, as copy and restore do', async () => {
    const refused =
      /^Error: (?:\S+ \S+) and (?:\S+ \S+) would both be svc-01-0\.1\.0\.tgz\n.*one would replace the other: /
    const [one, other] = [await program.chart('svc-01', '0.1.0'), program.path('other.tgz')]
    writeFileSync(other, await chartArchive('svc', '01-0.1.0'))
    assert.match(await program.fails('push', one, other, URI), refused)
    assert.deepEqual(await program.keys('charts/'), ['charts/index.yaml'])

    await program.ok('push', other, URI)
    await program.ok('delete', 'svc', URI, '--version=01-0.1.0')
    program.pass(120_000)
    await program.ok('push', one, URI)
    for (const flags of [[], ['--force'], ['--ignore-if-exists'], ['--dry-run'], ['--force', '--dry-run']]) {
      assert.match(await program.fails('push', other, URI, ...flags), refused)
    }
    assert.match(await program.fails('restore', 'svc', URI, '--version=01-0.1.0'), refused)
    await program.ok('init', 's3://acme/other')
    await program.ok('push', other, 's3://acme/other')
    for (const flags of [[], ['--force']])
      assert.match(await program.fails('copy', 'svc', 's3://acme/other', URI, '--devel', ...flags), refused)
    assert.deepEqual(Buffer.from((await program.object('charts/svc-01-0.1.0.tgz'))?.body ?? []), readFileSync(one))
    await program.ok('check', URI, '--deep')
  })

  it('stores the archive and has its entry in index.yaml at once', async () => {
    const path = await program.chart('app', '1.2.3')
    assert.equal(await program.ok('push', path, URI), UPLOADED)
    const archive = await program.object('charts/app-1.2.3.tgz')
    assert.equal(archive?.contentType, 'application/gzip')
    const entry = (await index()).entries['app']?.[0]
    assert.deepEqual(entry?.urls, ['s3://acme/charts/app-1.2.3.tgz'])
    assert.equal(entry.digest, sha256(readFileSync(path)))
  })

  it('takes the name of the archive from Chart.yaml, whatever the file is called', async () => {
    const path = program.path('other.tgz')
    writeFileSync(path, readFileSync(await program.chart('app', '1.0.0')))
    await program.ok('push', path, URI)
    assert.ok(await program.object('charts/app-1.0.0.tgz'))
  })

  it("accepts the name of a repository, and adds the chart to Helm's local index", async () => {
    program.addRepository('stable', `${URI}/`)
    await program.ok('push', await program.chart('app', '1.0.0'), 'stable')
    const cached = readFileSync(program.path('cache', 'stable-index.yaml'), 'utf8')
    assert.match(cached, /app-1\.0\.0\.tgz/)
    assert.equal(readFileSync(program.path('cache', 'stable-charts.txt'), 'utf8'), 'app\n')
  })

  it("succeeds although Helm's local index is unusable, and says so with --verbose", async () => {
    program.addRepository('stable', URI, 'not an index')
    assert.equal(await program.ok('push', await program.chart('app', '1.0.0'), 'stable'), UPLOADED)
    const { status, stdout, stderr } = await program.run(
      'push',
      await program.chart('app', '2.0.0'),
      'stable',
      '--verbose',
    )
    assert.deepEqual([status, stdout], [0, UPLOADED])
    assert.match(stderr, /^helm-s3: the local index of stable stays as it is until `helm repo update`: .*\n/)
  })

  it('pushes several charts as one delta', async () => {
    const paths = [
      await program.chart('app', '1.0.0'),
      await program.chart('app', '1.1.0'),
      await program.chart('lib', '0.1.0'),
    ]
    assert.equal(await program.ok('push', ...paths, URI), 'Successfully uploaded 3 charts to the repository.\n')
    assert.equal((await program.keys('charts/index.d/')).length, 1)
    assert.deepEqual(await versions('app'), ['1.1.0', '1.0.0'])
  })

  it('uploads the provenance file beside the archive', async () => {
    const path = await program.chart('app', '1.0.0')
    writeFileSync(`${path}.prov`, 'signed')
    await program.ok('push', path, URI)
    assert.equal(await program.text('charts/app-1.0.0.tgz.prov'), 'signed')
  })

  it('writes relative URLs, the content type and the ACL that flags ask for', async () => {
    await program.ok(
      'push',
      await program.chart('app', '1.0.0+b'),
      URI,
      '--relative',
      '--content-type=application/x-test',
      '--acl=public-read',
    )
    assert.deepEqual((await index()).entries['app']?.[0]?.urls, ['app-1.0.0%2Bb.tgz'])
    assert.equal((await program.object('charts/app-1.0.0+b.tgz'))?.contentType, 'application/x-test')
    assert.equal((await program.opened.at(-1)?.objectSettings())?.acl, 'public-read')
  })

  it('takes content type and ACL from the environment', async () => {
    program.env = { ...program.env, S3_CHART_CONTENT_TYPE: 'application/x-env', S3_ACL: 'private' }
    await program.ok('push', await program.chart('app', '1.0.0'), URI)
    assert.equal((await program.object('charts/app-1.0.0.tgz'))?.contentType, 'application/x-env')
    assert.equal((await program.opened.at(-1)?.objectSettings())?.acl, 'private')
  })

  it('prints the same message in a dry run, and writes nothing', async () => {
    const before = await program.keys()
    assert.equal(await program.ok('push', await program.chart('app', '1.0.0'), URI, '--dry-run'), UPLOADED)
    assert.deepEqual(await program.keys(), before)
  })

  it('does not write index.yaml with --no-compact, and readers see the chart by merge on read', async () => {
    await program.ok('push', await program.chart('app', '1.0.0'), URI, '--no-compact')
    assert.deepEqual(await versions('app'), [])
    assert.match(await program.ok('download', '', '', '', `${URI}/index.yaml`), /app-1\.0\.0\.tgz/)
  })

  it('refuses an existing version, and names --force and --ignore-if-exists', async () => {
    const path = await program.chart('app', '1.0.0')
    await program.ok('push', path, URI)
    assert.equal(
      await program.fails('push', path, URI),
      `The chart already exists in the repository and cannot be overwritten without an explicit intent.

If you want to replace existing chart, use --force flag:

  helm s3 push --force ${path} ${URI}

If you want to ignore this error, use --ignore-if-exists flag:

  helm s3 push --ignore-if-exists ${path} ${URI}

`,
    )
  })

  it('keeps an existing version with --ignore-if-exists, and pushes the others', async () => {
    const path = await program.chart('app', '1.0.0')
    await program.ok('push', path, URI)
    const before = await program.object('charts/app-1.0.0.tgz')
    assert.equal(await program.ok('push', path, URI, '--ignore-if-exists'), KEPT)
    assert.equal((await program.object('charts/app-1.0.0.tgz'))?.etag, before?.etag)
    const more = [await program.chart('app', '1.1.0'), await program.chart('app', '1.2.0')]
    assert.equal(
      await program.ok('push', path, ...more, URI, '--ignore-if-exists'),
      `Successfully uploaded 2 charts to the repository.\n${KEPT}`,
    )
  })

  it('pushes none of several charts when one exists, and names that one', async () => {
    const old = await program.chart('app', '1.0.0')
    await program.ok('push', old, URI)
    const before = await program.keys()
    const stderr = await program.fails('push', old, await program.chart('app', '2.0.0'), URI)
    assert.ok(
      stderr.startsWith(
        'These charts already exist in the repository and cannot be overwritten without an explicit intent:\n\n  ' +
          'app 1.0.0\n\nNothing was pushed.\n',
      ),
    )
    assert.deepEqual(await program.keys(), before)
  })

  it('replaces a version with --force', async () => {
    await program.ok('push', await program.chart('app', '1.0.0'), URI)
    const path = await program.chart('app', '1.0.0', { 'values.yaml': 'replicas: 2\n' })
    assert.equal(await program.ok('push', path, URI, '--force'), UPLOADED)
    assert.equal((await index()).entries['app']?.[0]?.digest, sha256(readFileSync(path)))
  })

  it('refuses --force together with --ignore-if-exists', async () => {
    const sentence =
      'The --force and --ignore-if-exists flags are mutually exclusive and cannot be specified together.\n'
    assert.equal(await program.fails('push', 'a.tgz', 'stable', '--force', '--ignore-if-exists'), sentence)
  })

  it('fails with a hint to init where there is no repository', async () => {
    const stderr = await program.fails('push', await program.chart('app', '1.0.0'), 's3://acme/empty')
    assert.match(
      stderr,
      /^Error: fetch current repo index: object not found: there is no index\.yaml at s3:\/\/acme\/empty\nHint: .*`helm s3 init s3:\/\/acme\/empty`\n$/,
    )
    assert.deepEqual(await program.keys('empty/'), [])
  })

  it('refuses the same version twice in one push', async () => {
    const path = await program.chart('app', '1.0.0')
    assert.match(await program.fails('push', path, path, URI), /^Error: .* are both app 1\.0\.0\n/)
  })

  it('prints JSON when asked to', async () => {
    const path = await program.chart('app', '1.0.0')
    const digest = sha256(readFileSync(path))
    const result = resultOf('push', await program.ok('push', path, URI, '-o', 'json')) as Record<string, unknown>
    assert.match(String(result['delta']), /^[0-9A-Z]{26}$/)
    const pushed = [{ name: 'app', version: '1.0.0', digest }]
    assert.deepEqual(result, { repository: URI, dryRun: false, delta: result['delta'], pushed, existing: [] })
    const again = resultOf('push', await program.ok('push', path, URI, '-o', 'json', '--ignore-if-exists'))
    assert.deepEqual(again, { repository: URI, dryRun: false, delta: null, pushed: [], existing: pushed })
  })
})

describe('push of bad archives', () => {
  const program = useProgram()
  const file = (name: string, content: string | Uint8Array): string => {
    writeFileSync(program.path(name), content)
    return program.path(name)
  }

  beforeEach(async () => {
    await program.ok('init', URI)
  })

  it('names the file and what is wrong with it, and sends nothing', async () => {
    program.fail({ list: neverAsked, head: neverAsked, get: neverAsked, put: neverAsked })
    const cases: readonly (readonly [string, RegExp])[] = [
      [program.path('none.tgz'), /none\.tgz: no such file or directory\n$/],
      [program.path(), /Chart\.yaml file is missing\nHint: ./],
      ['/dev/null', /is not a regular file\n/],
      [file('empty.tgz', ''), /empty\.tgz: ./],
      [file('text.tgz', 'hello'), /text\.tgz: ./],
      [file('cut.tgz', readFileSync(await program.chart('app', '1.0.0')).subarray(0, 60)), /cut\.tgz: ./],
    ]
    for (const [path, message] of cases) {
      const stderr = await program.fails('push', path, URI)
      assert.match(stderr, /^Error: failed to load chart file: /, path)
      assert.match(stderr, message, path)
    }
  })

  it('names every bad archive of several, and pushes none', async () => {
    const good = await program.chart('app', '1.0.0')
    const stderr = await program.fails('push', file('a.tgz', ''), good, file('b.tgz', 'x'), URI)
    assert.match(
      stderr,
      /^Error: 2 of 3 charts cannot be pushed:\n  failed to load chart file: .*a\.tgz: .*\n  failed to load chart file: .*b\.tgz: .*\nHint: nothing was pushed\n$/,
    )
    assert.ok(!stderr.includes(basename(good)))
    assert.deepEqual(await program.keys(), ['charts/index.yaml'])
  })
})

const neverAsked = async (): Promise<never> => {
  throw new Error('the store was asked')
}
