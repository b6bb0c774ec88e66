import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { asKey } from '../../lib/core/keys.ts'
import { startCluster, writeKubeconfig } from './support/cluster.ts'
import { makeChart } from './support/made-charts.ts'
import { describeEverywhere } from './support/matrix.ts'
import { freePort } from './support/servers.ts'

const CHARTS = ['app 1.0.0', 'app 1.1.0', 'app 2.0.0', 'app 2.1.0-rc.1', 'app 2.1.0-rc.2', 'web 1.0.0', 'web 1.1.0']
const HOUR = 3_600_000

describeEverywhere('prune and delete', ({ at, helm, storeName }) => {
  const archives = async (): Promise<string[]> =>
    (await at().keys()).flatMap((key) => /^charts\/(.*)\.tgz$/.exec(key)?.[1] ?? []).sort()
  const versions = async (): Promise<string[]> => {
    const index = await at().mergedIndex()
    return index
      .chartNames()
      .flatMap((name) => index.versions(name).map(({ version }) => `${name}-${version}`))
      .sort()
  }
  /** Index and bucket hold exactly these versions, and Helm lists and pulls them without a warning. */
  const hold = async (...expected: readonly string[]): Promise<void> => {
    assert.deepEqual([await versions(), await archives()], [expected, expected])
    await at().helmOk(helm, 'repo update mine')
    const found = JSON.parse(await at().helmOk(helm, 'search repo mine --versions --devel -o json')) as {
      name: string
      version: string
    }[]
    assert.deepEqual(found.map(({ name, version }) => `${name.replace('mine/', '')}-${version}`).sort(), expected)
    for (const chart of expected) {
      const [, name = '', version = ''] = /^(\w+)-(.*)$/.exec(chart) ?? []
      await at().helmOk(helm, `pull mine/${name} --version ${version} -d ${at().folder}`)
    }
    await at().programOk(`check ${at().url} --deep`)
  }
  const write = async (name: string, text: string): Promise<string> => {
    await writeFile(at().path(name), text)
    return name
  }

  beforeEach(async () => {
    await at().helmOk(helm, `s3 init ${at().url}`)
    await at().helmOk(helm, `repo add mine ${at().url}`)
    const paths = CHARTS.map((chart) => `${chart.replace(' ', '-')}.tgz`)
    for (const [i, path] of paths.entries())
      await makeChart(at().path(path), ...(CHARTS[i]?.split(' ') as [string, string]))
    await at().helmOk(helm, `s3 push ${paths.join(' ')} mine`)
  })

  it('prune keeps the newest version of each chart, says what it removes and how much that frees, and has a dry run', async () => {
    const before = await at().keys()
    const sizes = await Promise.all(
      ['app-1.1.0', 'app-1.0.0', 'web-1.0.0'].map(async (name) => (await readFile(at().path(`${name}.tgz`))).length),
    )
    const bytes = sizes.reduce((sum, size) => sum + size, 0)
    const wouldRemove = await at().helmOk(helm, 's3 prune mine --keep-last=1 --dry-run')
    assert.match(
      wouldRemove,
      new RegExp(
        `^app +1\\.1\\.0 .*\\napp +1\\.0\\.0 .*\\nweb +1\\.0\\.0 .*\\n\\nWould remove 3 chart versions: ` +
          `${String(bytes)} B\\.$`,
        'm',
      ),
    )
    assert.deepEqual(await at().keys(), before)
    assert.equal(await at().helmOk(helm, 's3 prune mine --keep-last=1'), wouldRemove.replace('Would remove', 'Removed'))
    await hold('app-2.0.0', 'app-2.1.0-rc.1', 'app-2.1.0-rc.2', 'web-1.1.0')
    assert.match(await at().helmOk(helm, 's3 prune mine --keep-last=1'), /^Nothing to remove\./)
  })

  it('prune ranks prereleases separately with --keep-prereleases, and removes only charts that --name matches', async () => {
    await at().helmOk(helm, 's3 prune mine --keep-prereleases=1')
    await hold('app-1.0.0', 'app-1.1.0', 'app-2.0.0', 'app-2.1.0-rc.2', 'web-1.0.0', 'web-1.1.0')
    await at().helmOk(helm, 's3 prune mine --keep-last=1 --name=w*')
    await hold('app-1.0.0', 'app-1.1.0', 'app-2.0.0', 'app-2.1.0-rc.2', 'web-1.1.0')
  })

  it('prune removes old versions with --older-than, and keeps those that --keep-file lists', async () => {
    const index = await at().store.get(asKey('charts/index.yaml'))
    const old = Buffer.from(index?.body ?? [])
      .toString()
      .split('\n')
      .map((line) =>
        line.includes('"version":"1.') ? line.replace(/"created":"[^"]*"/, '"created":"2020-01-01T00:00:00Z"') : line,
      )
      .join('\n')
    assert.equal(old.split('2020-01-01').length, 5)
    await at().store.put(asKey('charts/index.yaml'), Buffer.from(old), { when: 'always' })
    const keep = await write('keep.txt', '# in production\napp 1.0.*\n')
    await at().helmOk(helm, `s3 prune mine --older-than=90d --keep-file=${keep}`)
    await hold('app-1.0.0', 'app-2.0.0', 'app-2.1.0-rc.1', 'app-2.1.0-rc.2')
  })

  it("prune keeps the versions in use in Helm's cluster and in the file of --keep-in-use", async () => {
    const KUBECONFIG = at().path('kubeconfig')
    const cluster = await startCluster(KUBECONFIG, [
      { name: 'shop', namespace: 'production', chart: { name: 'app', version: '1.0.0' } },
    ])
    try {
      const listed = await at().helmOk(helm, 'ls -A -o json', { KUBECONFIG })
      assert.equal((JSON.parse(listed) as { chart: string }[])[0]?.chart, 'app-1.0.0')
      const file = await write('other.json', listed.replace('app-1.0.0', 'web-1.0.0'))
      const stdout = await at().helmOk(helm, `s3 prune mine --keep-last=1 --keep-in-use --keep-in-use=${file}`, {
        KUBECONFIG,
      })
      assert.match(stdout, /^Kept .*\b2 in use/m)
      await hold('app-1.0.0', 'app-2.0.0', 'app-2.1.0-rc.1', 'app-2.1.0-rc.2', 'web-1.0.0', 'web-1.1.0')
    } finally {
      await cluster.stop()
    }
  })

  it('prune removes nothing when Helm cannot list the releases', async () => {
    const KUBECONFIG = at().path('kubeconfig')
    writeKubeconfig(KUBECONFIG, await freePort())
    const before = await at().keys()
    const stderr = await at().helmFails(helm, 's3 prune mine --keep-last=1 --keep-in-use', { KUBECONFIG })
    assert.match(
      stderr,
      /^Error: cannot tell which charts are in use: .* ls -A -o json.* failed: .*unreachable.*\nHint: nothing was removed/,
    )
    assert.deepEqual(await at().keys(), before)
  })

  it('prune --orphans removes old archives without an entry, and no recent ones', async () => {
    await makeChart(at().path('orphan.tgz'), 'app', '0.9.0')
    const bytes = await readFile(at().path('orphan.tgz'))
    await at().store.put(asKey('charts/app-0.9.0.tgz'), bytes, { when: 'absent' })
    assert.match(await at().helmOk(helm, 's3 prune mine --orphans'), /^Nothing to remove\./)
    assert.ok(await at().exists('app-0.9.0.tgz'))
    // Only versitygw lets a test change the time of an object.
    if (storeName === 'minio') return
    await at().age('app-0.9.0.tgz', 2 * HOUR)
    const stdout = await at().helmOk(helm, 's3 prune mine --orphans --allow-many-orphans')
    assert.match(
      stdout,
      new RegExp(`app-0\\.9\\.0\\.tgz +\\(no entry\\) .*\\n\\nRemoved 1 orphan: ${String(bytes.length)} B\\.`),
    )
    assert.match(await at().helmOk(helm, 's3 log mine'), /prune +folded +x app-0\.9\.0\.tgz \(no entry\)$/m)
    await hold(...CHARTS.map((chart) => chart.replace(' ', '-')).sort())
    assert.match(
      await at().helmFails(helm, 's3 restore app mine --version=0.9.0'),
      /no deletion of app 0\.9\.0 is known/,
    )
  })

  it('delete removes a whole chart with --all, and skips what is missing with --ignore-missing', async () => {
    const before = await at().keys()
    assert.equal(
      await at().helmOk(helm, 's3 delete web mine --all --dry-run'),
      'Would delete:\n  web 1.1.0\n  web 1.0.0\n',
    )
    assert.match(
      await at().helmFails(helm, 's3 delete nothing mine --all'),
      /^Error: chart nothing not found in index\n/,
    )
    assert.match(
      await at().helmFails(helm, 's3 delete app mine --version=1.0.0,9.9.9'),
      /^Error: chart app version 9\.9\.9 not found in index\n/,
    )
    assert.equal(await at().helmOk(helm, 's3 delete nothing mine --all --ignore-missing'), 'Nothing to delete.\n')
    assert.deepEqual(await at().keys(), before)
    assert.equal(
      await at().helmOk(helm, 's3 delete web mine --all'),
      'Successfully deleted 2 chart versions from the repository.\n',
    )
    assert.equal(
      await at().helmOk(helm, 's3 delete app mine --version=1.0.0,9.9.9 --ignore-missing'),
      'Successfully deleted the chart from the repository.\n',
    )
    await hold('app-1.1.0', 'app-2.0.0', 'app-2.1.0-rc.1', 'app-2.1.0-rc.2')
  })
})
