import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { asKey } from '../../lib/core/keys.ts'
import type { PutOutcome } from '../../lib/store/object-store.ts'
import { connectionSettings } from '../../lib/settings/connection.ts'
import { createS3Store } from '../../lib/store/s3/store.ts'
import { localConfig } from '../support/s3-buckets.ts'
import { makeChart } from './support/made-charts.ts'
import { useWorkplace } from './support/matrix.ts'
import { assumeRole } from './support/minio-sts.ts'
import { ROOT } from './support/workplace.ts'

const MIB = 1024 * 1024

/** The policies of docs/PERMISSIONS.md by their headings, so that the tests use what is documented. */
function documentedPolicies(): ReadonlyMap<string, string> {
  const page = readFileSync(`${ROOT}docs/PERMISSIONS.md`, 'utf8')
  const policies = new Map<string, string>()
  for (const section of page.split(/^## /m).slice(1)) {
    const policy = /^```json\n(.*?)^```$/ms.exec(section)?.[1]
    if (policy !== undefined) policies.set(section.split('\n', 1)[0] ?? '', policy)
  }
  return policies
}

describe('the policies of docs/PERMISSIONS.md, enforced by MinIO', () => {
  const at = useWorkplace('minio')
  const policies = documentedPolicies()

  /** The environment of a user with the policy of this role. */
  const as = async (role: string): Promise<Record<string, string>> => {
    const { bucket, env } = at()
    const text = policies.get(role)
    assert.ok(text !== undefined, `there is no policy of a ${role}`)
    const policy = JSON.parse(
      text.replaceAll('acme-charts/stable', `${bucket}/charts`).replaceAll('acme-charts', bucket),
    ) as object
    const keys = { accessKeyId: env.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '' }
    const session = await assumeRole({ endpoint: `http://${env.AWS_ENDPOINT ?? ''}`, ...keys }, policy)
    return {
      AWS_ACCESS_KEY_ID: session.accessKeyId,
      AWS_SECRET_ACCESS_KEY: session.secretAccessKey,
      AWS_SESSION_TOKEN: session.sessionToken,
    }
  }
  const chart = async (version: string): Promise<string> => {
    const path = at().path(`app-${version}.tgz`)
    await makeChart(path, 'app', version)
    return path
  }
  const missing = async (env: Record<string, string>, ...flags: readonly string[]): Promise<readonly string[]> => {
    const { stdout } = await at().program(['check', at().url, '-ojson', ...flags].join(' '), env)
    const { permissions } = JSON.parse(stdout) as {
      readonly permissions: readonly {
        readonly action: string
        readonly resource: string
        readonly granted: boolean | null
      }[]
    }
    return permissions
      .filter(({ granted }) => granted === false)
      .map(({ action, resource }) => `${action} ${resource.replace(`arn:aws:s3:::${at().bucket}`, '')}`)
  }

  beforeEach(async () => {
    await at().programOk(`init ${at().url}`)
    await at().programOk(`push ${await chart('1.0.0')} ${at().url}`)
  })

  it('are those of five roles', () => {
    assert.deepEqual([...policies.keys()], ['Reader', 'Reader that may not list', 'Publisher', 'Writer', 'Compactor'])
  })

  for (const helm of [3, 4] as const) {
    it(`let a reader read with Helm ${String(helm)}, and refuse a push, a deletion and a compaction`, async () => {
      const reader = await as('Reader')
      await at().helmOk(helm, `plugin install ${ROOT.replace(/\/$/, '')}`)
      await at().programOk(`push ${await chart('1.1.0')} ${at().url} --no-compact`)
      await at().helmOk(helm, `repo add acme ${at().url}`, reader)
      await at().helmOk(helm, 'pull acme/app --version 1.1.0', reader)
      assert.match(await at().helmOk(helm, 's3 fetch app acme --version 1.0.0 -ojson', reader), /"version":"1\.0\.0"/)

      const keys = await at().keys()
      const push = await at().programFails(`push ${await chart('1.2.0')} ${at().url}`, reader)
      assert.match(push, /AccessDenied/)
      assert.match(push, /s3:PutObject/)
      assert.match(await at().programFails(`delete app ${at().url} --version=1.0.0`, reader), /s3:PutObject/)
      assert.match(await at().programFails(`compact ${at().url}`, reader), /s3:PutObject/)
      assert.deepEqual(await at().keys(), keys)
    })
  }

  it('let a reader run check, and check --probe names the permissions to write that a reader lacks', async () => {
    const reader = await as('Reader')
    assert.match(await at().programOk(`check ${at().url} --deep`, reader), /all is well/)
    assert.deepEqual(await missing(reader), [])
    assert.deepEqual(await missing(reader, '--probe'), [
      's3:PutObject /charts/index.d/*.yaml',
      's3:PutObject /charts/*.tgz',
      's3:DeleteObject /charts/index.d/*.yaml',
      's3:DeleteObject /charts/*.tgz',
    ])
  })

  it('let a reader that may not list read the plain index, with one line on stderr', async () => {
    await at().programOk(`push ${await chart('1.1.0')} ${at().url} --no-compact`)
    const reader = await as('Reader that may not list')
    const { status, stderr } = await at().program(`fetch app ${at().url} -d ${at().path('out')}`, reader)
    assert.equal(status, 0)
    assert.equal(stderr.trimEnd().split('\n').length, 1)
    assert.match(stderr, /no permission to list/)
    assert.deepEqual(await missing(reader), ['s3:ListBucket '])
  })

  it('let a publisher push, and not compact', async () => {
    const publisher = await as('Publisher')
    await at().programOk(`push ${await chart('1.1.0')} ${at().url}`, publisher)
    assert.ok((await at().mergedIndex()).find({ name: 'app', version: '1.1.0' }))
    assert.equal((await at().baseIndex()).find({ name: 'app', version: '1.1.0' }), undefined)
    assert.match(await at().programFails(`compact ${at().url}`, publisher), /s3:PutObject/)
  })

  it('let no publisher, writer or compactor change the defaults of the repository', async () => {
    for (const role of ['Publisher', 'Writer', 'Compactor']) {
      assert.match(await at().programFails(`config ${at().url} acl=public-read`, await as(role)), /AccessDenied/, role)
    }
    assert.equal(await at().exists('index.d/config.json'), false)
  })

  it('let a publisher remove entries from the index, and no archives', async () => {
    const publisher = await as('Publisher')
    const { stderr } = await at().program(`delete app ${at().url} --version=1.0.0`, publisher)
    assert.match(stderr, /s3:DeleteObject/)
    assert.equal((await at().mergedIndex()).find({ name: 'app', version: '1.0.0' }), undefined)
    assert.ok(await at().exists('app-1.0.0.tgz'))
  })

  it('let a writer rebuild a missing index', async () => {
    await at().store.delete(asKey('charts/index.yaml'))
    await at().programOk(`reindex ${at().url}`, await as('Writer'))
    assert.deepEqual(
      (await at().keys()).filter((key) => key.includes('rebuild-')),
      [],
    )
    assert.ok((await at().mergedIndex()).find({ name: 'app', version: '1.0.0' }))
  })

  it('let a writer push, delete, compact and repair', async () => {
    const writer = await as('Writer')
    await at().programOk(`push ${await chart('1.1.0')} ${at().url}`, writer)
    await at().programOk(`push ${await chart('1.1.0')} ${at().url} --force`, writer)
    await at().programOk(`delete app ${at().url} --version=1.0.0`, writer)
    assert.equal((await at().baseIndex()).find({ name: 'app', version: '1.0.0' }), undefined)
    assert.equal(await at().exists('app-1.0.0.tgz'), false)
    await at().programOk(`compact ${at().url}`, writer)
    assert.match(await at().programOk(`check ${at().url} --deep --fix`, writer), /all is well/)
  })

  it('let a compactor compact, and neither push nor read archives', async () => {
    await at().programOk(`push ${await chart('1.1.0')} ${at().url} --no-compact`)
    const compactor = await as('Compactor')
    await at().programOk(`compact ${at().url}`, compactor)
    assert.ok((await at().baseIndex()).find({ name: 'app', version: '1.1.0' }))
    assert.match(await at().programFails(`push ${await chart('1.2.0')} ${at().url}`, compactor), /s3:PutObject/)
    assert.match((await missing(compactor)).join('\n'), /s3:GetObject \/charts\/\*\.tgz/)
  })

  for (const role of ['Writer', 'Compactor']) {
    it(`let a ${role.toLowerCase()} compose an index of parts, and abort that`, async () => {
      const { bucket, env } = at()
      const index = asKey('charts/index.yaml')
      const store = await createS3Store(connectionSettings({}, undefined, { ...env, ...(await as(role)) }), bucket)
      const before = await store.put(index, Buffer.alloc(11 * MIB, 'old'), { when: 'always' })
      assert.ok(before.outcome === 'written' && store.uploads !== undefined)
      const { uploads } = store
      const compose = async (): Promise<string> => {
        const upload = await uploads.begin(index, {})
        assert.ok(upload !== 'unsupported')
        const range = { start: 0, end: 6 * MIB }
        const copied = await uploads.copyPart(upload, 1, { bucket, key: index, etag: before.etag, range })
        const sent = await uploads.sendPart(upload, 2, Buffer.from('new'))
        assert.ok(typeof copied !== 'string' && typeof sent !== 'string')
        const { outcome } = await uploads.complete(upload, [copied, sent], { when: { match: before.etag } })
        if (outcome === 'refused') await uploads.abort(upload)
        return outcome
      }
      const other = localConfig({
        endpoint: `http://${env.AWS_ENDPOINT ?? ''}`,
        accessKeyId: env.AWS_ACCESS_KEY_ID ?? '',
        secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '',
      })
      const open = (await createS3Store(other, bucket)).uploads
      assert.deepEqual(await Promise.all([compose(), compose()]).then((both) => both.sort()), ['refused', 'written'])
      assert.equal((await store.head(index))?.size, 6 * MIB + 3)
      assert.deepEqual(await open?.list(index), [])
    })
  }

  it('may forbid signatures in the query; then the store does not refuse late requests', async () => {
    const { bucket, env } = at()
    const keys = { accessKeyId: env.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '' }
    const all = { Action: 's3:*', Resource: 'arn:aws:s3:::*' }
    const inQuery = { Condition: { StringEquals: { 's3:authType': 'REST-QUERY-STRING' } } }
    const outcomes = async (...denied: readonly object[]): Promise<readonly string[]> => {
      const policy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...all }, ...denied] }
      const endpoint = `http://${env.AWS_ENDPOINT ?? ''}`
      const credentials = await assumeRole({ endpoint, ...keys }, policy)
      const connection = { ...localConfig({ endpoint, ...keys }), credentials }
      const store = await createS3Store(connection, bucket)
      const put = (until: number): Promise<PutOutcome> =>
        store.put(asKey('late'), Buffer.from('x'), { when: 'always', until })
      return [(await put(Date.now() + 60_000)).outcome, (await put(Date.now() - 60_000)).outcome]
    }
    assert.deepEqual(await outcomes(), ['written', 'expired'])
    assert.deepEqual(await outcomes({ Effect: 'Deny', ...all, ...inQuery }), ['written', 'written'])
    await assert.rejects(outcomes({ Effect: 'Deny', ...all, Action: 's3:PutObject' }), { code: 'denied' })
  })
})
