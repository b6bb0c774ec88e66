import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { asKey } from '../../lib/core/keys.ts'
import { WORTH_COPYING } from '../../lib/protocol/push/server-side-copy.ts'
import { type ObjectStore, type PutCondition, asETag } from '../../lib/store/object-store.ts'
import { createS3Store } from '../../lib/store/s3/store.ts'
import { createBucket, localConfig } from '../support/s3-buckets.ts'
import { useWorkplace } from './support/matrix.ts'

const ROUNDS = 5

for (const storeName of ['minio', 'versitygw'] as const) {
  describe(`copies that ${storeName} makes itself`, () => {
    const at = useWorkplace(storeName)

    it('let exactly one of many writers create an object, and replace only the ETag that the condition names', async () => {
      const config = {
        endpoint: `http://${String(at().env.AWS_ENDPOINT)}`,
        accessKeyId: String(at().env.AWS_ACCESS_KEY_ID),
        secretAccessKey: String(at().env.AWS_SECRET_ACCESS_KEY),
      }
      await createBucket(config, `${at().bucket}-other`)
      const target: ObjectStore = await createS3Store(localConfig(config), `${at().bucket}-other`)
      const written = await at().store.put(asKey('source'), randomBytes(WORTH_COPYING), { when: 'always' })
      assert.ok(written.outcome === 'written')
      const source = { bucket: at().bucket, key: asKey('source'), etag: written.etag }
      const copy = async (name: string, when: PutCondition, etag = source.etag) =>
        target.copyFrom?.({ ...source, etag }, asKey(name), {
          when,
          metadata: { 'chart-digest': 'abc' },
          contentType: 'application/gzip',
        })
      for (let round = 0; round < ROUNDS; round++) {
        const name = `target-${String(round)}`
        const writers = Array.from({ length: 8 }, (_, i) =>
          i === 0 ? target.put(asKey(name), Buffer.from('other'), { when: 'absent' }) : copy(name, 'absent'),
        )
        const outcomes = (await Promise.all(writers)).map((each) => each?.outcome)
        assert.deepEqual([...outcomes].sort(), [...Array<string>(7).fill('refused'), 'written'])
        const size = (await target.head(asKey(name)))?.size
        assert.equal(size, outcomes[0] === 'written' ? 5 : WORTH_COPYING)
      }
      const first = await copy('replaced', 'absent')
      assert.ok(first?.outcome === 'written')
      const head = await target.head(asKey('replaced'))
      assert.deepEqual(
        [head?.etag, head?.size, head?.metadata['chart-digest'], head?.contentType],
        [first.etag, WORTH_COPYING, 'abc', 'application/gzip'],
      )
      assert.equal((await copy('replaced', { match: asETag('"0"') }))?.outcome, 'refused')
      assert.equal((await copy('replaced', { match: first.etag }))?.outcome, 'written')
      assert.equal(
        (await copy('changed', 'absent', asETag('"00000000000000000000000000000000"')))?.outcome,
        'unsupported',
      )
      assert.equal(await target.head(asKey('changed')), undefined)
    })

    it('transfer a large chart from one repository to another', async () => {
      const [staging, stable] = [`s3://${at().bucket}/staging`, `s3://${at().bucket}/stable`]
      for (const url of [staging, stable]) await at().programOk(`init ${url}`)
      mkdirSync(at().path('large'))
      writeFileSync(at().path('large', 'Chart.yaml'), 'apiVersion: v2\nname: large\nversion: 1.0.0\n')
      // Random bytes in base64 do not compress below the size that is worth a copy; no file of a chart may exceed 5
      // MiB.
      for (const file of ['a', 'b'])
        writeFileSync(at().path('large', file), randomBytes(3 * 1024 * 1024).toString('base64'))
      await at().helmOk(3, `package large`)
      await at().programOk(`push large-1.0.0.tgz ${staging}`)
      const { status, stderr, stdout } = await at().program(`copy large ${staging} ${stable} --verbose`)
      assert.deepEqual([status, stdout], [0, 'Copied 1 version:\n  large 1.0.0\n'])
      assert.match(stderr, /large-1\.0\.0\.tgz is copied by the store$/m)
      const archives = await Promise.all(
        ['staging', 'stable'].map((folder) => at().store.get(asKey(`${folder}/large-1.0.0.tgz`))),
      )
      assert.deepEqual(Buffer.from(archives[1]?.body ?? []), Buffer.from(archives[0]?.body ?? []))
      assert.deepEqual(
        (await at().keys()).filter((key) => key.includes('probe')),
        [],
      )
      assert.match(await at().programFails(`copy large ${staging} ${stable}`), /has large 1\.0\.0 already/)
      await at().programOk(`copy large ${staging} ${stable} --force`)
      await at().programOk(`fetch large ${stable}`)
      await at().programOk(`check ${stable} --deep`)
      await at().programOk(`delete large ${stable} --version 1.0.0`)
      assert.equal(await at().store.head(asKey('stable/large-1.0.0.tgz')), undefined)
    })
  })
}
