import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { asKey } from '../../lib/core/keys.ts'
import { type LocalServer, answerWith, startServer } from '../support/local-server.ts'
import { describeEverywhere } from './support/matrix.ts'
import { CHARTS } from './support/workplace.ts'

const PLAIN = join(CHARTS, 'anchor-1.2.3.tgz')
const BUILD = join(CHARTS, 'anchor-1.0.0+build.5.tgz')
const SIGNED = join(CHARTS, 'anchor-1.3.1.tgz')

/** A repository with its endpoint in the URL, on a machine whose environment names another endpoint. */
describeEverywhere('a query in the URL of a repository', ({ at, helm }) => {
  /** The other endpoint, which the environment and a url of the index name. */
  let elsewhere: LocalServer
  let asked: string[]
  let repository: string
  const wrong = (): Record<string, string> => ({ AWS_ENDPOINT: elsewhere.url.replace('http://', '') })
  const ok = (line: string): Promise<string> => at().helmOk(helm, line, wrong())

  beforeEach(async () => {
    asked = []
    elsewhere = await startServer(({ method = '', url = '' }, answer) => {
      asked.push(`${method} ${url}`)
      answerWith(answer, 403, '<Error><Code>AccessDenied</Code><Message>Not here.</Message></Error>')
    })
    repository = `${at().url}?endpoint=http://${String(at().env['AWS_ENDPOINT'])}`
    await at().programOk(`init ${at().url}`)
    await at().programOk(`push ${PLAIN} ${BUILD} ${SIGNED} ${at().url}`)
    await mkdir(at().path('out'))
  })
  afterEach(() => elsewhere.close())
  const pulled = async (): Promise<string[]> => (await readdir(at().path('out'))).sort()

  it('applies to index, charts and provenance files with --repo', async () => {
    await ok(`pull anchor --repo ${repository} --version 1.2.3 -d ${at().path('out')}`)
    await ok(`pull anchor --repo ${repository} --version 1.0.0+build.5 -d ${at().path('out')}`)
    await ok(`pull anchor --repo ${repository} --prov -d ${at().path('out')}`)
    assert.deepEqual(await pulled(), [
      'anchor-1.0.0+build.5.tgz',
      'anchor-1.2.3.tgz',
      'anchor-1.3.1.tgz',
      'anchor-1.3.1.tgz.prov',
    ])
    assert.ok(readFileSync(at().path('out', 'anchor-1.2.3.tgz')).equals(readFileSync(PLAIN)))
    assert.match(await ok(`template app anchor --repo ${repository} --version 1.2.3`), /kind:/)
    assert.deepEqual(asked, [])
  })

  it('applies to dependencies, with and without `helm repo add`', async () => {
    await mkdir(at().path('parent'))
    const dependency = (version: string): string =>
      `- name: anchor\n  version: ${version}\n  repository: ${repository}\n`
    const chart = `apiVersion: v2\nname: parent\nversion: 1.0.0\ndependencies:\n${dependency('1.0.0+build.5')}`
    await writeFile(at().path('parent', 'Chart.yaml'), chart)
    await ok(`dependency update ${at().path('parent')}`)
    assert.deepEqual(await readdir(at().path('parent', 'charts')), ['anchor-1.0.0+build.5.tgz'])
    await ok(`repo add lab ${repository}`)
    await ok(`dependency update ${at().path('parent')}`)
    assert.deepEqual(await readdir(at().path('parent', 'charts')), ['anchor-1.0.0+build.5.tgz'])
    await ok(`dependency build ${at().path('parent')}`)
    assert.deepEqual(asked, [])
  })

  it('applies to an added repository, also after a push has changed its index', async () => {
    await ok(`repo add lab ${repository}`)
    await ok(`pull lab/anchor --version 1.2.3 -d ${at().path('out')}`)
    await ok(`s3 push ${join(CHARTS, 'beacon-0.1.0.tgz')} lab`)
    await ok(`pull lab/beacon -d ${at().path('out')}`)
    await ok(`pull ${at().url}/anchor-1.3.1.tgz -d ${at().path('out')}`)
    assert.deepEqual(await pulled(), ['anchor-1.2.3.tgz', 'anchor-1.3.1.tgz', 'beacon-0.1.0.tgz'])
    assert.deepEqual(asked, [])
  })

  it('is not obeyed in the url of an entry: no request goes to that endpoint', async () => {
    const text = (await at().baseIndex()).toBytes().toString()
    const changed = text.replaceAll(
      `"${at().url}/anchor-1.2.3.tgz"`,
      `"s3://${at().bucket}/other/anchor-1.2.3.tgz?endpoint=${elsewhere.url}"`,
    )
    assert.notEqual(changed, text)
    await at().store.put(asKey('charts/index.yaml'), Buffer.from(changed), { when: 'always' })
    const { status, stderr } = await at().helm(
      helm,
      `pull anchor --repo ${at().url} --version 1.2.3 -d ${at().path('out')}`,
    )
    assert.notEqual(status, 0)
    assert.match(stderr, /no repository around this object is reached by this query/)
    await at().helmOk(helm, `repo add plain ${at().url}`)
    assert.notEqual((await at().helm(helm, `pull plain/anchor --version 1.2.3 -d ${at().path('out')}`)).status, 0)
    await at().programFails(`fetch anchor ${at().url} --version 1.2.3 -d ${at().path('out')}`)
    assert.deepEqual(asked, [])
    assert.deepEqual(await pulled(), [])
  })
})
