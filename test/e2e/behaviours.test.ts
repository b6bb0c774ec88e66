import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pause } from './support/servers.ts'
import { replaceInFile } from './support/files.ts'
import { makeChart } from './support/made-charts.ts'
import { describeEverywhere } from './support/matrix.ts'
import { CHARTS, ROOT } from './support/workplace.ts'

const PLAIN = join(CHARTS, 'anchor-1.2.3.tgz')
const SIGNED = join(CHARTS, 'anchor-1.3.1.tgz')
const BUILD = join(CHARTS, 'anchor-1.0.0+build.5.tgz')
const UPLOADED = 'Successfully uploaded the chart to the repository.\n'
const DELETED = 'Successfully deleted the chart from the repository.\n'
const EXCLUSIVE = 'The --force and --ignore-if-exists flags are mutually exclusive and cannot be specified together.'

/**
 * What scripts and people know from hypnoglow/helm-s3: texts, streams, exit codes and the resulting objects.
 */
describeEverywhere('the commands of the Go plugin and their extensions', ({ helm, at }) => {
  const ok = (line: string, env?: Readonly<Record<string, string>>): Promise<string> => at().helmOk(helm, line, env)
  const fails = (line: string, env?: Readonly<Record<string, string>>): Promise<string> =>
    at().helmFails(helm, line, env)
  const setUp = async (name = 'repo'): Promise<void> => {
    await ok(`s3 init ${at().url}`)
    await ok(`repo add ${name} ${at().url}`)
  }
  const lastModified = async (name: string): Promise<number> => (await at().head(name))?.lastModified ?? 0

  describe('init', () => {
    it('makes an index that `helm repo add` accepts', async () => {
      assert.equal(await ok(`s3 init ${at().url}`), `Initialized empty repository at ${at().url}\n`)
      assert.ok(await at().exists('index.yaml'))
      assert.equal(await ok(`repo add repo ${at().url}`), '"repo" has been added to your repositories\n')
      assert.equal(await ok('repo remove repo'), '"repo" has been removed from your repositories\n')
    })

    it('replaces an index only with --force, also when the flag comes after the argument', async () => {
      await ok(`s3 init ${at().url}`)
      const before = await lastModified('index.yaml')
      assert.match(await fails(`s3 init ${at().url}`), /The index file already exists under the provided URI/)
      await pause(1100)
      assert.match(
        await ok(`s3 init ${at().url} --force`),
        new RegExp(`^Initialized empty repository at ${at().url}\n`),
      )
      assert.ok((await lastModified('index.yaml')) > before)
    })

    it('leaves an index as it is with --ignore-if-exists', async () => {
      await ok(`s3 init ${at().url}`)
      const before = await at().head('index.yaml')
      const said = await ok(`s3 init ${at().url} --ignore-if-exists`)
      assert.match(said, /The index file already exists under the provided URI, ignore init operation\./)
      const after = await at().head('index.yaml')
      assert.deepEqual([after?.etag, after?.lastModified], [before?.etag, before?.lastModified])
    })

    it('does not take both flags', async () => {
      await setUp()
      assert.ok((await fails(`s3 init ${at().url} --force --ignore-if-exists`)).startsWith(EXCLUSIVE))
    })

    it('needs no repositories file', async () => {
      await ok(`s3 init ${at().url}`, { HELM_REPOSITORY_CONFIG: at().path('missing.yaml') })
    })
  })

  describe('push', () => {
    it('makes a chart that search and fetch find at once, and is refused the second time', async () => {
      await setUp()
      const before = (await at().baseIndex()).generated ?? ''
      assert.equal(await ok(`s3 push ${PLAIN} repo`), UPLOADED)
      assert.equal((await at().head('anchor-1.2.3.tgz'))?.contentType, 'application/gzip')
      assert.match(
        await ok('search repo repo/anchor'),
        /repo\/anchor\t1\.2\.3 +\t1\.2\.3 +\tA Helm chart for Kubernetes/,
      )
      await mkdir(at().path('out'))
      assert.equal(await ok(`fetch repo/anchor --version 1.2.3 --destination ${at().path('out')}`), '')
      assert.deepEqual(await readdir(at().path('out')), ['anchor-1.2.3.tgz'])
      const refusal = await fails(`s3 push ${PLAIN} repo`)
      assert.match(
        refusal,
        /^The chart already exists in the repository and cannot be overwritten without an explicit intent\./,
      )
      const after = await at().baseIndex()
      assert.ok((after.generated ?? '') > before)
      assert.ok(after.find({ name: 'anchor', version: '1.2.3' }))
    })

    it('writes the content type of --content-type', async () => {
      await setUp()
      await ok(`s3 push --content-type=application/gzip-test ${PLAIN} repo`)
      assert.equal((await at().head('anchor-1.2.3.tgz'))?.contentType, 'application/gzip-test')
    })

    it('writes nothing in a dry run', async () => {
      await setUp()
      const before = await at().keys()
      assert.equal(await ok(`s3 push ${PLAIN} repo --dry-run`), UPLOADED)
      assert.deepEqual(await at().keys(), before)
    })

    it('uploads the same bytes again with --force', async () => {
      await setUp()
      await ok(`s3 push ${PLAIN} repo`)
      const before = await lastModified('anchor-1.2.3.tgz')
      await pause(1100)
      assert.equal(await ok(`s3 push ${PLAIN} repo --force`), UPLOADED)
      assert.ok((await lastModified('anchor-1.2.3.tgz')) > before)
    })

    it('keeps an existing version with --ignore-if-exists', async () => {
      await setUp()
      await ok(`s3 push ${PLAIN} repo`)
      const before = await at().head('anchor-1.2.3.tgz')
      const said = await ok(`s3 push ${PLAIN} repo --ignore-if-exists`)
      assert.match(said, /The chart already exists in the repository, keep existing chart and ignore push\./)
      assert.deepEqual((await at().head('anchor-1.2.3.tgz'))?.lastModified, before?.lastModified)
    })

    it('does not take both flags', async () => {
      await setUp()
      assert.ok((await fails(`s3 push ${PLAIN} repo --force --ignore-if-exists`)).startsWith(EXCLUSIVE))
    })

    it('writes relative urls with --relative', async () => {
      await setUp()
      await ok(`s3 push ${PLAIN} repo --relative`)
      assert.deepEqual((await at().baseIndex()).find({ name: 'anchor', version: '1.2.3' })?.urls, ['anchor-1.2.3.tgz'])
      await ok(`fetch repo/anchor --version 1.2.3 --destination ${at().folder}`)
    })

    it('uploads the provenance file, and Helm verifies it', async () => {
      await setUp()
      await ok(`s3 push ${SIGNED} repo`)
      assert.ok(await at().exists('anchor-1.3.1.tgz.prov'))
      const keyring = join(ROOT, 'fixtures/keys/pubring.gpg')
      const said = await ok(
        `fetch repo/anchor --version 1.3.1 --verify --keyring ${keyring} --destination ${at().folder}`,
      )
      assert.match(
        said,
        /^Signed by: .+\nUsing Key With Fingerprint: [0-9A-F]{40}\nChart Hash Verified: sha256:[0-9a-f]{64}\n$/,
      )
      assert.ok(existsSync(at().path('anchor-1.3.1.tgz.prov')))
    })
  })

  describe('delete', () => {
    for (const flag of ['', ' --relative']) {
      it(`removes entry and archive after push${flag}`, async () => {
        await setUp()
        await ok(`s3 push ${PLAIN} repo${flag}`)
        assert.match(await ok('search repo repo/anchor'), /1\.2\.3/)
        assert.equal(await ok('s3 delete anchor --version 1.2.3 repo'), DELETED)
        assert.equal(await at().exists('anchor-1.2.3.tgz'), false)
        assert.equal(await ok('search repo repo/anchor'), 'No results found\n')
      })
    }

    it('removes the provenance file, too', async () => {
      await setUp()
      await ok(`s3 push ${SIGNED} repo`)
      assert.match(await ok('search repo repo/anchor'), /repo\/anchor\t1\.3\.1 +\t1\.0 /)
      assert.equal(await ok('s3 del anchor --version 1.3.1 repo'), DELETED)
      assert.deepEqual(
        [await at().exists('anchor-1.3.1.tgz'), await at().exists('anchor-1.3.1.tgz.prov')],
        [false, false],
      )
      assert.equal(await ok('search repo repo/anchor'), 'No results found\n')
    })

    it('deletes several versions, or none when one is missing', async () => {
      await setUp()
      await ok(`s3 push ${PLAIN} repo`)
      assert.match(
        await fails('s3 delete anchor --version 1.2.3 --version 9.9.9 repo'),
        /chart anchor version 9\.9\.9 not found in index/,
      )
      assert.ok(await at().exists('anchor-1.2.3.tgz'))
      await ok(`s3 push ${SIGNED} repo`)
      const said = await ok('s3 delete anchor --version 1.2.3,1.3.1 repo')
      assert.equal(said, 'Successfully deleted 2 chart versions from the repository.\n')
      assert.deepEqual(
        await at()
          .keys()
          .then((keys) => keys.filter((key) => key.includes('.tgz'))),
        [],
      )
      assert.equal(await ok('search repo repo/anchor'), 'No results found\n')
    })
  })

  it('`helm dependency update` downloads charts from the repository', async () => {
    await setUp()
    await ok(`s3 push ${PLAIN} repo`)
    await cp(join(ROOT, 'fixtures/chart-sources/harbour'), at().path('harbour'), { recursive: true })
    await replaceInFile(at().path('harbour/Chart.yaml'), /repository: .*/, `repository: ${at().url}`)
    const said = await ok(`dependency update --skip-refresh ${at().path('harbour')}`)
    assert.match(said, /Saving 1 charts\nDownloading anchor from repo s3:.*\nDeleting outdated charts\n/)
    assert.deepEqual(await readdir(at().path('harbour/charts')), ['anchor-1.2.3.tgz'])
  })

  describe('extensions:', () => {
    it('readers see charts of pending deltas, and compact folds them', async () => {
      await setUp()
      assert.equal(
        await ok(`s3 push ${PLAIN} ${SIGNED} repo --no-compact`),
        'Successfully uploaded 2 charts to the repository.\n',
      )
      assert.equal((await at().baseIndex()).countEntries(), 0)
      await ok('repo update')
      assert.match(await ok('search repo repo/anchor -l'), /1\.3\.1[\s\S]*1\.2\.3/)
      await ok(`pull repo/anchor --version 1.2.3 -d ${at().folder}`)
      assert.match(await ok(`template x repo/anchor --version 1.2.3`), /kind:/)
      assert.match(await ok('s3 compact repo'), /Folded 1 delta/)
      assert.equal((await at().baseIndex()).countEntries(), 2)
      assert.match(await ok('s3 compact repo'), /Nothing to fold/)
    })

    it('search finds all charts of simultaneous pushes without `helm repo update`', async () => {
      await setUp()
      const names = Array.from({ length: 8 }, (_, i) => `app-${String(i)}`)
      await Promise.all(names.map((name) => makeChart(at().path(`${name}.tgz`), name, '1.0.0')))
      await Promise.all(names.map((name) => ok(`s3 push ${name}.tgz repo`)))
      const found = JSON.parse(await ok('search repo repo/ -o json')) as { readonly name: string }[]
      assert.deepEqual(
        found.map(({ name }) => name).sort(),
        names.map((name) => `repo/${name}`),
      )
    })

    for (const form of ['json', 'yaml']) {
      it(`Helm reads an index in the form ${form} without a warning`, async () => {
        await ok(`s3 init ${at().url} --format ${form}`)
        await ok(`s3 push ${PLAIN} ${BUILD} ${join(CHARTS, 'beacon-0.1.0.tgz')} ${at().url}`)
        assert.equal((await at().baseIndex()).form, form)
        await ok(`repo add repo ${at().url}`)
        assert.match(await ok('search repo repo/ -l'), /beacon/)
        await ok(`s3 compact ${at().url} --format ${form === 'json' ? 'yaml' : 'json'}`)
        await ok('repo update')
        assert.match(await ok('search repo repo/ -l'), /beacon/)
      })
    }

    for (const flag of ['', ' --relative']) {
      it(`Helm pulls a version with build metadata after push${flag}`, async () => {
        await setUp()
        await ok(`s3 push ${BUILD} repo${flag}`)
        await ok(`pull repo/anchor --version 1.0.0+build.5 -d ${at().folder}`)
        assert.ok(existsSync(at().path('anchor-1.0.0+build.5.tgz')))
      })
    }

    it('fetch finds versions of pending deltas, and writes the provenance file or unpacks', async () => {
      await setUp()
      await ok(`s3 push ${PLAIN} ${SIGNED} repo --no-compact`)
      assert.equal(await ok(`s3 fetch anchor repo --version ^1.2 --prov -d ${at().folder}`), '')
      assert.ok(existsSync(at().path('anchor-1.3.1.tgz.prov')))
      await ok(`s3 pull anchor repo --version 1.2.3 --untar -d ${at().folder}`)
      assert.ok(existsSync(at().path('anchor/Chart.yaml')))
    })

    it('version and help print on stdout', async () => {
      assert.match(await ok('s3 version'), /^\d+\.\d+\.\d+\n$/)
      for (const line of ['s3', 's3 --help', 's3 push --help', 's3 help compact'])
        assert.match(await ok(line), /Examples:/)
    })
  })
})
