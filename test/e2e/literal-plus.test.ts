import assert from 'node:assert/strict'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { asKey } from '../../lib/core/keys.ts'
import { type LocalServer, startServer } from '../support/local-server.ts'
import { useWorkplace } from './support/matrix.ts'
import { CHARTS, ROOT } from './support/workplace.ts'

const VERSION = '1.0.0+build.5'
const FILE = `anchor-${VERSION}.tgz`

/** A repository that a web server also serves, with a version whose archive has a `+` in its name. */
for (const major of [3, 4] as const) {
  describe(`urls with a + over HTTP, with Helm ${String(major)}`, () => {
    const at = useWorkplace('minio')
    let web: LocalServer
    let asked: Set<string>

    beforeEach(async () => {
      asked = new Set()
      // Takes a + literally, as web servers do, and decodes percent escapes once.
      web = await startServer(async ({ url = '' }, answer) => {
        asked.add(url)
        const object = await at().store.get(asKey(decodeURIComponent(url.slice(1))))
        answer.statusCode = object === undefined ? 404 : 200
        answer.end(object?.body)
      })
      await at().helmOk(major, `plugin install ${ROOT.replace(/\/$/, '')}`)
      await at().helmOk(major, `s3 init ${at().url}`)
      await at().helmOk(major, `s3 config ${at().url} relative=true`)
      await mkdir(at().path('parent'))
      await mkdir(at().path('out'))
      const dependency = `- name: anchor\n  version: ${VERSION}\n  repository: ${web.url}/charts\n`
      await writeFile(
        at().path('parent', 'Chart.yaml'),
        `apiVersion: v2\nname: parent\nversion: 1.0.0\ndependencies:\n${dependency}`,
      )
    })
    afterEach(() => web.close())

    const push = (): Promise<string> => at().helmOk(major, `s3 push ${join(CHARTS, FILE)} ${at().url}`)
    const archives = (): string[] => [...asked].filter((url) => url.endsWith('.tgz'))

    it('reach the archive in pull, dependency update and dependency build with literal-plus', async () => {
      await at().helmOk(major, `s3 config ${at().url} literal-plus=true`)
      await push()
      await at().helmOk(major, `repo add web ${web.url}/charts`)
      await at().helmOk(major, `pull web/anchor --version ${VERSION} -d ${at().path('out')}`)
      await at().helmOk(major, `pull anchor --repo ${web.url}/charts --version ${VERSION} -d ${at().path('out')}`)
      await at().helmOk(major, `dependency update ${at().path('parent')}`)
      await rm(at().path('parent', 'charts'), { recursive: true })
      await at().helmOk(major, `dependency build ${at().path('parent')}`)
      assert.deepEqual(archives(), [`/charts/${FILE}`])
      assert.deepEqual(
        [await readdir(at().path('out')), await readdir(at().path('parent', 'charts'))],
        [[FILE], [FILE]],
      )
      await at().helmOk(major, `repo add lab ${at().url}`)
      await at().helmOk(major, `pull lab/anchor --version ${VERSION} --untar -d ${at().path('out')}`)
      await at().helmOk(major, `s3 check ${at().url} --deep`)
      await at().helmOk(major, `s3 delete anchor ${at().url} --version ${VERSION}`)
      assert.equal(await at().exists(FILE), false)
    })

    it(`are encoded ${major === 3 ? 'twice in dependency update, which fails,' : 'once'} without literal-plus`, async () => {
      await push()
      await at().helmOk(major, `repo add web ${web.url}/charts`)
      await at().helmOk(major, `pull web/anchor --version ${VERSION} -d ${at().path('out')}`)
      const { status } = await at().helm(major, `dependency update ${at().path('parent')}`)
      const once = `/charts/${FILE.replace('+', '%2B')}`
      assert.deepEqual(
        [status === 0, archives()],
        major === 3 ? [false, [once, once.replace('%2B', '%252B')]] : [true, [once]],
      )
    })
  })
}
