import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { asKey } from '../../lib/core/keys.ts'
import { assumeRole } from './support/minio-sts.ts'
import { useWorkplace } from './support/matrix.ts'
import { CHARTS, ROOT } from './support/workplace.ts'

const CHART = join(CHARTS, 'anchor-1.2.3.tgz')

/** A bucket whose policy refuses every object that is not sent with the encryption that it demands. */
for (const major of [3, 4] as const) {
  describe(`a policy that demands encryption, enforced by MinIO, with Helm ${String(major)}`, () => {
    const at = useWorkplace('minio', { MINIO_KMS_SECRET_KEY: `charts:${Buffer.alloc(32, 7).toString('base64')}` })
    let writer: Record<string, string>
    const helm = (line: string): Promise<string> => at().helmOk(major, line, writer)

    beforeEach(async () => {
      const { bucket, env } = at()
      const objects = `arn:aws:s3:::${bucket}/*`
      const demand = { StringNotEquals: { 's3:x-amz-server-side-encryption': 'aws:kms' } }
      const policy = {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Action: ['s3:*'], Resource: [`arn:aws:s3:::${bucket}`, objects] },
          { Effect: 'Deny', Action: ['s3:PutObject'], Resource: [objects], Condition: demand },
        ],
      }
      const keys = { accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '', secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '' }
      const session = await assumeRole({ endpoint: `http://${env['AWS_ENDPOINT'] ?? ''}`, ...keys }, policy)
      writer = {
        AWS_ACCESS_KEY_ID: session.accessKeyId,
        AWS_SECRET_ACCESS_KEY: session.secretAccessKey,
        AWS_SESSION_TOKEN: session.sessionToken,
      }
      await at().helmOk(major, `plugin install ${ROOT.replace(/\/$/, '')}`)
      await at().helmOk(major, `s3 init ${at().url}`)
    })

    it('is met by the config command that sets the encryption, and by all commands that write afterwards', async () => {
      const refused = await at().helm(major, `s3 push ${CHART} ${at().url}`, writer)
      assert.notEqual(refused.status, 0)
      assert.match(refused.stderr, /a policy demands encryption, and none is asked for: --sse, --sse-kms-key-id/)
      const other = await at().helm(major, `s3 push ${CHART} ${at().url} --sse=AES256`, writer)
      assert.notEqual(other.status, 0)
      assert.match(other.stderr, /a policy demands another encryption than AES256/)

      assert.match(
        await helm(`s3 config ${at().url} sse=aws:kms sse-kms-key-id=charts`),
        /\nsse +aws:kms +repository\n/,
      )
      await helm(`s3 push ${CHART} ${at().url}`)
      await helm(`repo add lab ${at().url}`)
      await helm('pull lab/anchor --version 1.2.3')
      assert.deepEqual(readFileSync(at().path('anchor-1.2.3.tgz')), readFileSync(CHART))
      await helm('s3 delete anchor lab --version 1.2.3')
      await helm('s3 config lab grace-window=10m')
      assert.match(
        Buffer.from((await at().store.get(asKey('charts/index.d/config.json')))?.body ?? []).toString(),
        /"grace-window": "10m"/,
      )
    })
  })
}
