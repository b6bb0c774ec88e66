import assert from 'node:assert/strict'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { deflateSync, gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { asKey } from '../../lib/core/keys.ts'
import { useWorkplace } from './support/matrix.ts'
import { freePort } from './support/servers.ts'
import { CHARTS } from './support/workplace.ts'

/** Each case: a short message with a remedy, no stack trace, no secret, and nothing written. */
describe('bad input', () => {
  const at = useWorkplace('minio')
  beforeEach(async () => {
    await at().programOk(`init ${at().url}`)
  })

  const refused = async (line: string, says: RegExp, env?: Readonly<Record<string, string>>): Promise<string> => {
    const before = await at().keys()
    const stderr = await at().programFails(line, env)
    assert.match(stderr, says)
    assert.doesNotMatch(stderr, /\n\s+at |node:internal|EXAMPLESECRET/)
    assert.ok(stderr.trim().split('\n').length <= 3, stderr)
    assert.deepEqual(await at().keys(), before)
    return stderr
  }

  const archives: Readonly<Record<string, readonly [() => Promise<Buffer>, RegExp]>> = {
    'an empty file': [() => Promise.resolve(Buffer.alloc(0)), /empty/],
    'text that is no archive': [() => Promise.resolve(Buffer.from('hello')), /gzip/],
    'zlib that is no gzip': [() => Promise.resolve(deflateSync('hello')), /gzip/],
    'a truncated archive': [
      async () => (await archive({ 'a/Chart.yaml': chartYaml('a'), 'a/big': 'x'.repeat(9999) })).subarray(0, 150),
      /./,
    ],
    'an archive without Chart.yaml': [() => archive({ 'a/values.yaml': 'x: 1' }), /Chart\.yaml/],
    'a Chart.yaml that is not YAML': [() => archive({ 'a/Chart.yaml': 'a: [' }), /Chart\.yaml|yaml/i],
    'a path that leads out of the archive': [
      () => archive({ 'a/Chart.yaml': chartYaml('a'), 'a/../../../etc/x': '1' }),
      /path|parent|outside/,
    ],
    'a chart name with a slash': [() => archive({ 'a/Chart.yaml': chartYaml('../evil') }), /name/],
    'a chart name of dots': [() => archive({ 'a/Chart.yaml': chartYaml('..') }), /name/],
    'an invalid version': [() => archive({ 'a/Chart.yaml': chartYaml('a', 'latest') }), /version/],
    'a gzip bomb': [() => Promise.resolve(gzipSync(Buffer.alloc(200 * 1024 * 1024))), /./],
    'a YAML bomb': [() => archive({ 'a/Chart.yaml': `${chartYaml('a')}annotations: ${bomb()}` }), /./],
    'a huge Chart.yaml': [
      () => archive({ 'a/Chart.yaml': `${chartYaml('a')}# ${'x'.repeat(3_000_000)}` }),
      /large|big|size|limit/i,
    ],
  }
  for (const [what, [make, says]] of Object.entries(archives)) {
    it(`is refused by push: ${what}`, async () => {
      await writeFile(at().path('bad.tgz'), await make())
      await refused(`push bad.tgz ${at().url}`, says)
    })
  }

  it('is refused by push: a bad archive, and the good one beside it', async () => {
    await writeFile(at().path('bad.tgz'), 'hello')
    await refused(`push ${join(CHARTS, 'anchor-1.2.3.tgz')} bad.tgz ${at().url}`, /bad\.tgz/)
  })

  it('is refused by push: a missing file, a folder without a chart, and one version twice', async () => {
    await refused(`push missing.tgz ${at().url}`, /missing\.tgz/)
    await mkdir(at().path('folder'))
    await refused(`push folder ${at().url}`, /folder/)
    await cp(join(CHARTS, 'anchor-1.2.3.tgz'), at().path('copy.tgz'))
    await refused(`push ${join(CHARTS, 'anchor-1.2.3.tgz')} copy.tgz ${at().url}`, /anchor 1\.2\.3/)
  })

  it('has different messages for an unknown name, a missing repository, a missing bucket and an https URL', async () => {
    const chart = join(CHARTS, 'anchor-1.2.3.tgz')
    await refused(`push ${chart} unknown`, /couldn't load repositories file/)
    await mkdir(at().path('config'))
    await writeFile(
      at().path('config/repositories.yaml'),
      `apiVersion: ""\nrepositories:\n- name: repo\n  url: ${at().url}\n`,
    )
    await refused(`push ${chart} unknown`, /repo with name unknown not found, try `helm repo add unknown <uri>`/)
    await refused(`push ${chart} ${at().url}/elsewhere`, /helm s3 init/)
    await refused(`push ${chart} s3://no-such-bucket-here/charts`, /no-such-bucket-here/)
    await refused(`push ${chart} https://example.org/charts`, /s3/)
  })

  it('has a message that names wrong or missing credentials without the secret', async () => {
    const chart = join(CHARTS, 'anchor-1.2.3.tgz')
    await refused(`push ${chart} ${at().url}`, /SignatureDoesNotMatch/, { AWS_SECRET_ACCESS_KEY: 'EXAMPLESECRETWRONG' })
    await refused(`push ${chart} ${at().url}`, /InvalidAccessKeyId/, { AWS_ACCESS_KEY_ID: 'NOBODY' })
    await refused(`push ${chart} ${at().url}`, /AWS_ACCESS_KEY_ID/, {
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
    })
  })

  it('has a message that names a store that does not answer, and --timeout ends the wait', async () => {
    const chart = join(CHARTS, 'anchor-1.2.3.tgz')
    const port = String(await freePort())
    await refused(`push ${chart} ${at().url} --timeout 20s`, new RegExp(`127\\.0\\.0\\.1:${port}`), {
      AWS_ENDPOINT: `127.0.0.1:${port}`,
    })
    const silent = createServer(() => undefined)
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const address = silent.address()
    const silentPort = typeof address === 'object' && address !== null ? String(address.port) : ''
    await refused(`push ${chart} ${at().url} --timeout 2s`, /2s/, { AWS_ENDPOINT: `127.0.0.1:${silentPort}` })
    silent.close()
  })

  it('is refused by compact, delete and fetch, and kept: an index.yaml that is no index', async () => {
    const put = (text: string): Promise<unknown> =>
      at().store.put(asKey('charts/index.yaml'), Buffer.from(text), { when: 'always' })
    for (const text of ['<html>', '', 'apiVersion: v1\nentries: 5\n', '{"entries":{}}']) {
      await put(text)
      for (const line of [`compact ${at().url}`, `delete a ${at().url} --version 1.0.0`, `fetch a ${at().url}`])
        await refused(line, /index/)
    }
  })

  it('is ignored by readers with one line, and kept: deltas that are not well-formed', async () => {
    await at().programOk(`push ${join(CHARTS, 'anchor-1.2.3.tgz')} ${at().url} --no-compact`)
    for (const [name, text] of [
      ['7ZZZZZZZZZZZZZZZZZZZZZZZZZ.yaml', '{"apiVersion":"v1"}'],
      ['note.txt', 'hello'],
      ['01HF7YAT00000000000000000A.yaml', 'a: ['],
    ]) {
      await at().store.put(asKey(`charts/index.d/${String(name)}`), Buffer.from(String(text)), { when: 'always' })
    }
    const { status, stdout, stderr } = await at().program(`download    ${at().url}/index.yaml`)
    assert.equal(status, 0)
    assert.match(stdout, /anchor/)
    assert.match(stderr, /^helm-s3: ignored .*\n$/)
    assert.equal((await at().program(`compact ${at().url}`)).status, 0)
    assert.equal((await at().baseIndex()).countEntries(), 1)
    assert.equal((await at().keys()).filter((key) => key.startsWith('charts/index.d/')).length, 4)
  })

  it('is refused: a bad value, an unknown flag, and a missing argument or flag', async () => {
    await refused(`compact ${at().url} --grace-window 10s`, /grace window/)
    await refused(`compact ${at().url} --bogus`, /unknown flag: --bogus/)
    await refused('delete anchor', /accepts 2 arg\(s\), received 1/)
    await refused(`delete anchor ${at().url}`, /required flag\(s\) "version" not set/)
  })
})

function chartYaml(name: string, version = '1.0.0'): string {
  return `apiVersion: v2\nname: ${JSON.stringify(name)}\nversion: ${version}\n`
}

function bomb(): string {
  const level = (name: string, of: string): string => `&${name} [${Array<string>(9).fill(of).join(',')}]`
  let text = level('a', 'x')
  for (const [name = '', of = ''] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf', 'hg', 'ih'].map((pair) => [...pair])) {
    text = `[${text}, ${level(name, `*${of}`)}]`
  }
  return text
}

async function archive(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const tar = pack()
  for (const [name, text] of Object.entries(files)) tar.entry({ name }, text)
  tar.finalize()
  const pieces: Buffer[] = []
  for await (const piece of tar as AsyncIterable<Buffer>) pieces.push(piece)
  return gzipSync(Buffer.concat(pieces))
}
