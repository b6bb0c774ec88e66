import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { asKey } from '../../lib/core/keys.ts'
import { useWorkplace } from './support/matrix.ts'
import { CHARTS, type HelmMajor, ROOT } from './support/workplace.ts'

const CHART = `${CHARTS}/anchor-1.2.3.tgz`
const PUBLISHED = 'https://charts.example.test/stable'

/** The defaults of a repository, through the real Helm. */
for (const major of [3, 4] as const satisfies readonly HelmMajor[]) {
  describe(`config with Helm ${String(major)}`, () => {
    const at = useWorkplace('minio')
    const helm = (line: string): Promise<string> => at().helmOk(major, line)
    const index = async (): Promise<string> =>
      Buffer.from((await at().store.get(asKey('charts/index.yaml')))?.body ?? []).toString()

    beforeEach(async () => {
      await helm(`plugin install ${ROOT.replace(/\/$/, '')}`)
      await helm(`s3 init ${at().url}`)
      await helm(`repo add stable ${at().url}`)
    })

    it('applies when a chart is pushed and compacted', async () => {
      assert.match(
        await helm('s3 config stable relative=true format=yaml grace-window=10m'),
        /\ngrace-window +10m +repository\n/,
      )
      await helm(`s3 push ${CHART} stable`)
      assert.match(await index(), /^apiVersion: v1\nentries:\n[^]*\n {4}urls:\n {4}- anchor-1\.2\.3\.tgz\n/)
      await helm('repo update')
      await helm('pull stable/anchor --version=1.2.3')
      assert.deepEqual(readFileSync(at().path('anchor-1.2.3.tgz')), readFileSync(CHART))
      assert.doesNotMatch(await helm('s3 check stable'), /config\.json/)
    })

    it('gives entries a url below publish-url, and fetch and delete find the archive', async () => {
      await helm(`s3 config stable publish-url=${PUBLISHED}/`)
      await helm(`s3 push ${CHART} stable`)
      assert.ok((await index()).includes(`"${PUBLISHED}/anchor-1.2.3.tgz"`))
      await helm('repo update')
      assert.match(await helm('search repo stable/anchor'), /stable\/anchor\s+1\.2\.3/)
      await helm('s3 fetch anchor stable --version=1.2.3')
      assert.deepEqual(readFileSync(at().path('anchor-1.2.3.tgz')), readFileSync(CHART))
      await helm('s3 delete anchor stable --version=1.2.3')
      assert.equal(await at().exists('anchor-1.2.3.tgz'), false)
    })
  })
}
