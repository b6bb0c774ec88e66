import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { asKey } from '../../lib/core/keys.ts'
import { resultOf } from '../support/json-schema.ts'
import { keepVersions } from '../support/s3-buckets.ts'
import { useWorkplace } from './support/matrix.ts'
import { CHARTS, type HelmMajor, ROOT } from './support/workplace.ts'

const FIRST = `${CHARTS}/anchor-1.2.3.tgz`
const SIGNED = `${CHARTS}/anchor-1.3.1.tgz`

/** The content and the history of a repository, through the real Helm. */
for (const major of [3, 4] as const satisfies readonly HelmMajor[]) {
  describe(`status, list, log and restore with Helm ${String(major)}`, () => {
    const at = useWorkplace('minio')
    const helm = (line: string): Promise<string> => at().helmOk(major, line)
    const json = async (command: string, line: string): Promise<unknown> =>
      resultOf(command, await helm(`s3 ${command} ${line} -o json`))

    beforeEach(async () => {
      await helm(`plugin install ${ROOT.replace(/\/$/, '')}`)
      await helm(`s3 init ${at().url}`)
      await helm(`repo add stable ${at().url}`)
    })

    it('show a push before and after it is folded', async () => {
      await helm(`s3 push ${FIRST} stable --no-compact`)
      await helm(`s3 push ${CHARTS}/beacon-0.1.0.tgz stable`)
      await helm(`s3 push ${SIGNED} stable --no-compact`)

      assert.match(
        await helm('s3 list stable'),
        /^NAME +VERSION +APP VERSION +CREATED +DESCRIPTION\nanchor +1\.3\.1 .*\nbeacon +0\.1\.0 .*\n$/,
      )
      assert.match(await helm('s3 ls stable anchor --all-versions'), /\nanchor +1\.3\.1 .*\nanchor +1\.2\.3 /)
      const { pending, folded, upkeep, versions } = (await json('status', 'stable')) as {
        readonly pending: { readonly deltas: number }
        readonly folded: { readonly deltas: number }
        readonly upkeep: string
        readonly versions: number
      }
      assert.deepEqual([pending.deltas, folded.deltas, upkeep, versions], [1, 2, 'tidy', 3])
      assert.match(await helm('s3 status stable'), /\ntidy: all pending deltas are recent\n$/)

      const { entries } = (await json('log', 'stable')) as {
        readonly entries: readonly { readonly state: string; readonly command: string }[]
      }
      assert.deepEqual(
        entries.map(({ command, state }) => `${command} ${state}`),
        ['push pending', 'push folded', 'push folded'],
      )
      assert.match(await helm('s3 log stable beacon'), /^WHEN .*\n\S+ +\S* +push +folded +\+ beacon 0\.1\.0\n$/)
    })

    it('restore a deleted version with its provenance file from a versioned bucket, and Helm pulls it', async () => {
      const { bucket, env, store } = at()
      const local = {
        endpoint: `http://${String(env['AWS_ENDPOINT'])}`,
        accessKeyId: String(env['AWS_ACCESS_KEY_ID']),
        secretAccessKey: String(env['AWS_SECRET_ACCESS_KEY']),
      }
      await keepVersions(local, bucket)
      await helm(`s3 push ${SIGNED} stable`)
      await helm('s3 delete anchor stable --version=1.3.1')
      assert.equal(await at().exists('anchor-1.3.1.tgz'), false)
      assert.match(await helm('s3 log stable anchor'), /delete +folded +- anchor 1\.3\.1\n/)

      assert.match(
        await helm('s3 restore anchor stable --version=1.3.1'),
        /^Restored 1 version:\n {2}anchor 1\.3\.1 \(from an older version of its archive\)\n$/,
      )
      for (const file of ['anchor-1.3.1.tgz', 'anchor-1.3.1.tgz.prov']) {
        const object = await store.get(asKey(`charts/${file}`))
        assert.deepEqual(Buffer.from(object?.body ?? []), readFileSync(`${CHARTS}/${file}`), file)
      }
      assert.match(await helm('search repo stable/anchor'), /stable\/anchor\s+1\.3\.1/)
      await helm('pull stable/anchor --version=1.3.1')
      assert.match(
        await at().helmFails(major, 's3 restore anchor stable --version=1.3.1'),
        /^Error: anchor 1\.3\.1 is in the repository\nHint: /,
      )
    })

    it('restore a version whose archive was in a folder, which an older version of index.yaml names', async () => {
      const { bucket, env, store } = at()
      const local = {
        endpoint: `http://${String(env['AWS_ENDPOINT'])}`,
        accessKeyId: String(env['AWS_ACCESS_KEY_ID']),
        secretAccessKey: String(env['AWS_SECRET_ACCESS_KEY']),
      }
      await helm(`s3 push ${FIRST} stable --relative`)
      const index = Buffer.from((await store.get(asKey('charts/index.yaml')))?.body ?? []).toString()
      await store.put(asKey('charts/dir/anchor-1.2.3.tgz'), readFileSync(FIRST), { when: 'always' })
      await store.put(
        asKey('charts/index.yaml'),
        Buffer.from(index.replace('"anchor-1.2.3.tgz"', '"dir/anchor-1.2.3.tgz"')),
        { when: 'always' },
      )
      await store.delete(asKey('charts/anchor-1.2.3.tgz'))
      // Only now, so that the bucket keeps no version of the archive directly below the prefix.
      await keepVersions(local, bucket)
      await helm('s3 delete anchor stable --version=1.2.3')
      assert.equal(await at().exists('dir/anchor-1.2.3.tgz'), false)
      assert.match(
        await helm('s3 restore anchor stable --version=1.2.3'),
        /^Restored 1 version:\n {2}anchor 1\.2\.3 \(from an older version of charts\/dir\/anchor-1\.2\.3\.tgz\)\n$/,
      )
      await helm('repo update')
      await helm('pull stable/anchor --version=1.2.3')
    })

    it('say that a version cannot be restored from a bucket that keeps no older versions', async () => {
      await helm(`s3 push ${FIRST} stable`)
      await helm('s3 delete anchor stable --version=1.2.3')
      const stderr = await at().helmFails(major, 's3 restore anchor stable --version=1.2.3')
      assert.match(
        stderr,
        /^Error: there is no charts\/anchor-1\.2\.3\.tgz with the archive of anchor 1\.2\.3, and the bucket keeps no older version of it\nHint: push the archive again; /,
      )
    })
  })
}

for (const storeName of ['minio', 'versitygw'] as const) {
  describe(`restore on ${storeName} without versions of objects`, () => {
    const at = useWorkplace(storeName)

    it('says of a version whose archive is gone that it has to be pushed again', async () => {
      await at().programOk(`init ${at().url}`)
      await at().programOk(`push ${FIRST} ${at().url}`)
      await at().programOk(`delete anchor ${at().url} --version 1.2.3`)
      assert.match(
        await at().programFails(`restore anchor ${at().url} --version 1.2.3`),
        /^Error: there is no charts\/anchor-1\.2\.3\.tgz with .*, and the bucket keeps no older version of it\nHint: push the archive again; /,
      )
    })
  })
}
