import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readIndexText } from '../../lib/core/index/index-text.ts'
import { asKey } from '../../lib/core/keys.ts'
import { describeEverywhere } from './support/matrix.ts'
import { CHARTS, ROOT } from './support/workplace.ts'

const SIGNED = join(CHARTS, 'anchor-1.3.1.tgz')
const KEYRING = join(ROOT, 'fixtures/keys/pubring.gpg')

describeEverywhere('copy', ({ at, helm }) => {
  const ok = (line: string): Promise<string> => at().helmOk(helm, line)

  beforeEach(async () => {
    for (const name of ['staging', 'stable']) {
      await ok(`s3 init s3://${at().bucket}/${name}`)
      await ok(`repo add ${name} s3://${at().bucket}/${name}`)
    }
    await ok(`s3 push ${SIGNED} ${join(CHARTS, 'anchor-1.2.3.tgz')} staging`)
  })

  it('promotes a signed chart, which Helm then pulls and verifies', async () => {
    assert.equal(await ok('s3 promote anchor staging stable'), 'Copied 1 version:\n  anchor 1.3.1\n')
    for (const file of ['anchor-1.3.1.tgz', 'anchor-1.3.1.tgz.prov']) {
      const object = await at().store.get(asKey(`stable/${file}`))
      assert.deepEqual(Buffer.from(object?.body ?? []), readFileSync(join(CHARTS, file)), file)
    }
    await ok('repo update')
    const said = await ok(
      `pull stable/anchor --version 1.3.1 --verify --keyring ${KEYRING} --destination ${at().folder}`,
    )
    assert.match(said, /Chart Hash Verified: sha256:[0-9a-f]{64}\n$/)
    assert.ok(existsSync(at().path('anchor-1.3.1.tgz.prov')))
  })

  it('copies all versions at once, and again only with --ignore-if-exists or --force', async () => {
    assert.equal(
      await ok('s3 copy anchor staging stable --all-versions'),
      'Copied 2 versions:\n  anchor 1.3.1\n  anchor 1.2.3\n',
    )
    assert.match(
      await at().helmFails(helm, 's3 copy anchor staging stable'),
      /^Error: s3:\/\/\S+\/stable has anchor 1\.3\.1 already\nHint: nothing was copied/,
    )
    assert.match(await ok('s3 copy anchor staging stable --all-versions --ignore-if-exists'), /^Kept 2 versions/)
    await ok('s3 copy anchor staging stable --force')
    const index = await at().store.get(asKey('stable/index.yaml'))
    assert.deepEqual(
      readIndexText(index?.body ?? new Uint8Array())
        .versions('anchor')
        .map(({ version }) => version),
      ['1.3.1', '1.2.3'],
    )
    assert.match(await ok('search repo stable/anchor --versions'), /1\.3\.1[^]*1\.2\.3/)
  })
})
