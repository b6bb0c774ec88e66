import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { asKey } from '../../lib/core/keys.ts'
import type { ObjectMetadata } from '../../lib/store/object-store.ts'
import { sha256 } from '../../lib/sys/sha256.ts'
import { makeChart } from './support/made-charts.ts'
import { describeEverywhere, useWorkplace } from './support/matrix.ts'
import type { Workplace } from './support/workplace.ts'

/** Puts a chart archive into the bucket without the plugin. @returns its digest */
async function place(
  at: Workplace,
  file: string,
  name: string,
  version: string,
  metadata: (digest: string) => ObjectMetadata = () => ({}),
): Promise<string> {
  await makeChart(at.path('placed', file), name, version)
  const bytes = await readFile(at.path('placed', file))
  const digest = sha256(bytes)
  await at.store.put(asKey(`charts/${file}`), bytes, { when: 'always', metadata: metadata(digest) })
  return digest
}

/**
 * What hypnoglow/helm-s3 writes with an archive, as S3 returns it: Go's JSON, as an encoded word where it is not
 * ASCII.
 */
function goMetadata(name: string, version: string, description: string): (digest: string) => ObjectMetadata {
  const json = `{"name":"${name}","version":"${version}","description":"${description}","apiVersion":"v2","kubeVersion":"\\u003e=1.20.0-0"}`
  const header = /[^\x20-\x7e]/.test(json) ? `=?UTF-8?B?${Buffer.from(json).toString('base64')}?=` : json
  return (digest) => ({ 'chart-metadata': header, 'chart-digest': digest })
}

describeEverywhere('reindex', ({ at, helm }) => {
  it('makes charts that were copied into the bucket installable', async () => {
    await at().helmOk(helm, `s3 init ${at().url}`)
    await at().helmOk(helm, `repo add mine ${at().url}`)
    await place(at(), 'app-1.0.0.tgz', 'app', '1.0.0')
    await place(at(), 'other-name.tgz', 'web', '2.0.0+build.1')
    assert.match(
      await at().helmOk(helm, 's3 reindex mine'),
      /^Added app 1\.0\.0 .*\nAdded web .*\nRepository mine was successfully reindexed\.\n$/,
    )
    assert.match(await at().helmOk(helm, 'search repo mine/app'), /mine\/app\s+1\.0\.0/)
    await at().helmOk(helm, 'repo update mine')
    await at().helmOk(helm, 'fetch mine/web --version 2.0.0+build.1')
    assert.equal(await at().helmOk(helm, 's3 reindex mine'), 'Repository mine was successfully reindexed.\n')
  })

  it('makes an index of the Go plugin agree with its archives, and Helm loads it without a warning', async () => {
    const digest = await place(
      at(),
      'app-1.0.0.tgz',
      'app',
      '1.0.0',
      goMetadata('app', '1.0.0', 'Crème brûlée, Kröpke'),
    )
    await place(at(), 'pushed-as-this.tgz', 'app', '1.1.0', goMetadata('app', '1.1.0', 'plain'))
    const created = '2024-05-06T07:08:09.123456789Z'
    const entry = (version: string, file: string, sum: string): string =>
      `  - apiVersion: v2\n    created: "${created}"\n    digest: ${sum}\n    name: app\n    urls:\n    - ` +
      `${at().url}/${file}\n    version: ${version}\n`
    const index =
      `apiVersion: v1\nentries:\n  ` +
      `app:\n${entry('1.0.0', 'app-1.0.0.tgz', digest)}${entry('0.9.0', 'app-0.9.0.tgz', 'c'.repeat(64))}generated: ` +
      `"${created}"\n`
    await at().store.put(asKey('charts/index.yaml'), Buffer.from(index), { when: 'always' })
    await at().helmOk(helm, `repo add mine ${at().url}`)
    assert.equal(
      await at().helmOk(helm, 's3 reindex mine'),
      'Added app 1.1.0 (pushed-as-this.tgz)\nRemoved app 0.9.0 (app-0.9.0.tgz)\nRepository mine was successfully ' +
        'reindexed.\n',
    )
    assert.equal((await at().baseIndex()).form, 'yaml')
    assert.equal((await at().baseIndex()).find({ name: 'app', version: '1.0.0' })?.created, created)
    await at().helmOk(helm, 'repo update mine')
    for (const version of ['1.0.0', '1.1.0']) await at().helmOk(helm, `fetch mine/app --version ${version}`)
  })

  it('rebuilds an index.yaml that is no index with --rebuild', async () => {
    await at().helmOk(helm, `s3 init ${at().url}`)
    await at().helmOk(helm, `repo add mine ${at().url}`)
    await makeChart(at().path('app-1.0.0.tgz'), 'app', '1.0.0')
    await at().helmOk(helm, 's3 push app-1.0.0.tgz mine')
    await place(at(), 'web-1.0.0.tgz', 'web', '1.0.0')
    await at().store.put(asKey('charts/index.yaml'), Buffer.from('<html>Sorry</html>'), { when: 'always' })
    const update = await at().helm(helm, 'repo update mine')
    assert.ok((update.stdout + update.stderr).includes(`helm s3 check ${at().url} --fix`))
    assert.match(
      await at().helmFails(helm, 's3 reindex mine'),
      /helm s3 check mine --fix.*helm s3 reindex mine --rebuild/,
    )
    assert.match(
      await at().helmOk(helm, 's3 reindex mine --rebuild'),
      /^Replaced index\.yaml by a new one\.\nAdded web 1\.0\.0/,
    )
    await at().helmOk(helm, 'repo update mine')
    for (const name of ['app', 'web']) await at().helmOk(helm, `fetch mine/${name}`)
  })
})

for (const storeName of ['minio', 'versitygw'] as const) {
  describe(`reindex with several processes on ${storeName}`, () => {
    const at = useWorkplace(storeName)

    it('loses none of the pushes of 8 processes, and adds every archive', async () => {
      await at().programOk(`init ${at().url}`)
      const placed = Array.from({ length: 60 }, (_, i) => `placed-${String(i)}`)
      for (const name of placed) await place(at(), `${name}-1.0.0.tgz`, name, '1.0.0')
      const pushed = Array.from({ length: 8 }, (_, i) => `pushed-${String(i)}`)
      for (const name of pushed) await makeChart(at().path(`${name}.tgz`), name, '1.0.0')
      const results = await Promise.all([
        ...pushed.map((name) => at().program(`push ${name}.tgz ${at().url}`)),
        at().program(`reindex ${at().url}`),
        at().program(`reindex ${at().url} --full`),
      ])
      assert.deepEqual(
        results.filter(({ status, stderr }) => status !== 0 || stderr !== ''),
        [],
      )
      assert.deepEqual(await missing(at(), [...placed, ...pushed]), [])
      await at().programOk(`compact ${at().url}`)
      assert.equal((await at().baseIndex()).countEntries(), placed.length + pushed.length)
    })

    it('can be interrupted, and adds the remaining archives when it is run again', async () => {
      await at().programOk(`init ${at().url}`)
      const placed = Array.from({ length: 40 }, (_, i) => `placed-${String(i)}`)
      for (const name of placed) await place(at(), `${name}-1.0.0.tgz`, name, '1.0.0')
      const { child, result } = at().startProgram(`reindex ${at().url} --full --concurrency=1`)
      setTimeout(() => child.kill('SIGINT'), 400)
      const { status, stderr } = await result
      // Without a status the signal came before the program could handle it.
      assert.ok([130, 0, null].includes(status), `${String(status)} ${stderr}`)
      await at().programOk(`reindex ${at().url}`)
      assert.deepEqual(await missing(at(), placed), [])
    })
  })
}

/** The charts whose version 1.0.0 is not in the merged index, or has another digest there than its archive. */
async function missing(at: Workplace, names: readonly string[]): Promise<string[]> {
  const index = await at.mergedIndex()
  const isWrong = async (name: string): Promise<boolean> => {
    const archive = await at.store.get(asKey(`charts/${name}-1.0.0.tgz`))
    return archive === undefined || index.find({ name, version: '1.0.0' })?.digest !== sha256(archive.body)
  }
  const wrong = await Promise.all(names.map(async (name) => ((await isWrong(name)) ? name : undefined)))
  return wrong.filter((name) => name !== undefined)
}
