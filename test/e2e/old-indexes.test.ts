import assert from 'node:assert/strict'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { asKey } from '../../lib/core/keys.ts'
import { makeChart } from './support/made-charts.ts'
import { describeEverywhere } from './support/matrix.ts'
import { pause } from './support/servers.ts'

/** Indexes as old clients, other programs and accidents leave them, through the real Helm. */
describeEverywhere('an index that another program wrote', ({ at, helm }) => {
  const put = (name: string, body: string | Uint8Array): Promise<unknown> =>
    at().store.put(asKey(`charts/${name}`), Buffer.from(body), { when: 'always' })
  const text = async (name: string): Promise<string> =>
    Buffer.from((await at().store.get(asKey(`charts/${name}`)))?.body ?? []).toString()
  const archive = async (name: string, version: string): Promise<Uint8Array> => {
    const path = at().path(`${name}-${version}.tgz`)
    await makeChart(path, name, version)
    return readFile(path)
  }
  const index = (entries: object): Promise<unknown> => put('index.yaml', JSON.stringify({ apiVersion: 'v1', entries }))
  /** What Helm finds, without the name of the repository, sorted; on stderr Helm may only name what it skips. */
  const found = async (): Promise<string[]> => {
    const ask = async (line: string): Promise<string> => {
      const { status, stderr, stdout } = await at().helm(helm, line)
      assert.deepEqual([status, stderr.replace(/^.*skipping loading invalid entry for chart.*\n/gm, '')], [0, ''], line)
      return stdout
    }
    await ask(`repo add mine ${at().url} --force-update`)
    const list = JSON.parse(await ask('search repo mine --versions --devel -o json')) as {
      name: string
      version: string
    }[]
    return list.map(({ name, version }) => `${name.replace('mine/', '')} ${version}`).sort()
  }

  it('can have a version that Helm skips, which delete removes by its exact text', async () => {
    const entry = (version: string): object => ({
      name: 'hub',
      version,
      apiVersion: 'v1',
      urls: [`hub-${version}.tgz`],
    })
    for (const version of ['1.2.0', '1.1.0']) await put(`hub-${version}.tgz`, await archive('hub', version))
    await put('hub-1.0.0.0.tgz', 'whatever it was')
    await index({ hub: ['1.2.0', '1.1.0', '1.0.0.0', '1.0.0-03173138'].map(entry) })
    assert.deepEqual(await found(), ['hub 1.1.0', 'hub 1.2.0'])
    await at().programOk(`delete hub ${at().url} --version=1.2.0,1.0.0.0`)
    assert.deepEqual(
      (await at().keys()).filter((key) => key.endsWith('.tgz')),
      ['charts/hub-1.1.0.tgz'],
    )
    assert.deepEqual(await found(), ['hub 1.1.0'])
    assert.doesNotMatch(await text('index.yaml'), /hub-1\.(?:2\.0|0\.0\.0)\.tgz/)
    await at().programOk(`delete hub ${at().url} --all`)
    assert.deepEqual(
      [(await at().mergedIndex()).chartNames(), (await at().keys()).filter((key) => key.endsWith('.tgz'))],
      [[], []],
    )
  })

  it('can have a url that no store takes as a key; delete removes the entry and no archive', async () => {
    const urls = {
      '4.0.0': `${at().url}/./dd-1.0.0.tgz`,
      '5.0.0': `${at().url}//dd-1.0.0.tgz`,
      '6.0.0': `${at().url}/../charts/dd-1.0.0.tgz`,
      '7.0.0': 'x/%00/dd-1.0.0.tgz',
    }
    const entry = ([version, url]: readonly [string, string]): object => ({
      name: 'dd',
      version,
      apiVersion: 'v1',
      urls: [url],
    })
    await put('dd-1.0.0.tgz', await archive('dd', '1.0.0'))
    await index({ dd: [...Object.entries(urls), ['1.0.0', 'dd-1.0.0.tgz'] as const].map(entry) })
    for (const [version, url] of Object.entries(urls)) {
      const { status, stderr } = await at().program(`delete dd ${at().url} --version=${version}`)
      assert.deepEqual(
        [status, stderr],
        [0, `helm-s3: the archive of dd ${version} is outside this repository and was not deleted: ${url}\n`],
      )
    }
    assert.deepEqual(
      [await found(), (await at().keys()).filter((key) => key.endsWith('.tgz'))],
      [['dd 1.0.0'], ['charts/dd-1.0.0.tgz']],
    )
  })

  it('is JSON in the layout of Helm itself, or of an editor, and takes pushes', async () => {
    await at().programOk(`init ${at().url}`)
    const folder = at().path('made')
    await mkdir(folder, { recursive: true })
    for (const version of ['1.0.0', '1.1.0']) {
      const path = join(folder, `app-${version}.tgz`)
      await makeChart(path, 'app', version, 'a <b> & "c" é \\u003c')
      await put(`app-${version}.tgz`, await readFile(path))
    }
    await at().helmOk(helm, `repo index ${folder} --json`)
    const made = await readFile(join(folder, 'index.yaml'), 'utf8')
    assert.match(made, /"a \\u003cb\\u003e \\u0026 \\"c\\" é \\\\u003c"/)
    for (const [i, layout] of [made, JSON.stringify(JSON.parse(made), null, 4)].entries()) {
      await put('index.yaml', layout)
      await archive('web', `1.${String(i)}.0`)
      await at().programOk(`push ${at().path(`web-1.${String(i)}.0.tgz`)} ${at().url} --force`)
      const webs = i === 0 ? ['web 1.0.0'] : ['web 1.0.0', 'web 1.1.0']
      assert.deepEqual(await found(), ['app 1.0.0', 'app 1.1.0', ...webs])
      const merged = await at().mergedIndex()
      const { entries } = JSON.parse(made) as { readonly entries: Readonly<Record<string, unknown>> }
      assert.deepEqual(merged.versions('app'), entries['app'])
    }
    await at().programOk(`compact ${at().url}`)
    assert.deepEqual(await found(), ['app 1.0.0', 'app 1.1.0', 'web 1.0.0', 'web 1.1.0'])
    assert.match(await text('index.yaml'), /^\{.*"description":"a <b> & \\"c\\" é \\\\u003c",.*\},?$/m)
  })

  it('can have entries without a valid name, which Helm skips until check --fix names them', async () => {
    for (const version of ['1.0.11', '1.0.10']) await put(`pgb-${version}.tgz`, await archive('pgb', version))
    await index({
      pgb: [
        { version: '1.0.11', urls: ['pgb-1.0.11.tgz'] },
        { name: '../pgb', version: '1.0.10', urls: ['pgb-1.0.10.tgz'] },
      ],
    })
    assert.deepEqual(await found(), [])
    assert.match(await at().programOk(`list ${at().url}`), /no charts|^$/i)
    await at().program(`check ${at().url} --fix`)
    assert.deepEqual(await found(), ['pgb 1.0.10', 'pgb 1.0.11'])
    await at().helmOk(helm, `pull mine/pgb --version 1.0.11 -d ${at().folder}`)
    await at().programOk(`check ${at().url} --deep`)
  })

  it('gives Helm the newest of versions that are equal by semver, and prune keeps that one', async () => {
    await at().programOk(`init ${at().url}`)
    for (const version of ['106.0.0+up9.0.0', '106.0.0+up10.0.0', '105.0.0']) {
      await archive('fleet', version)
      // Entries are dated to a second.
      if (version.endsWith('+up10.0.0')) await pause(2100)
      await at().programOk(`push ${at().path(`fleet-${version}.tgz`)} ${at().url} --relative`)
    }
    assert.deepEqual(await found(), ['fleet 105.0.0', 'fleet 106.0.0+up10.0.0', 'fleet 106.0.0+up9.0.0'])
    assert.match(await at().helmOk(helm, 'show chart mine/fleet'), /^version: 106\.0\.0\+up10\.0\.0$/m)
    assert.match(await at().helmOk(helm, 'show chart mine/fleet --version ^106'), /^version: 106\.0\.0\+up10\.0\.0$/m)
    await at().programOk(`prune ${at().url} --keep-last=1`)
    assert.deepEqual(await found(), ['fleet 106.0.0+up10.0.0'])
  })

  for (const format of ['json', 'yaml']) {
    it(`gets pages with the first push when it is large, which Helm loads: ${format}`, async () => {
      const names = Array.from({ length: 8 }, (_, i) => `big-${String(i)}`)
      const entry = (name: string): object => ({
        name,
        version: '1.0.0',
        apiVersion: 'v1',
        urls: [`${name}-1.0.0.tgz`],
        annotations: { filler: 'x'.repeat(100_000) },
      })
      await put('big-6-1.0.0.tgz', await archive('big-6', '1.0.0'))
      await index(Object.fromEntries([...names].reverse().map((name) => [name, [entry(name)]])))
      await archive('web', '1.0.0')
      await at().programOk(`compact ${at().url} --format ${format}`)
      await at().programOk(`push ${at().path('web-1.0.0.tgz')} ${at().url}`)
      assert.match(await text('index.yaml'), /helm-s3\/pages"?: ?"?1,\d+;big-0,\d{6},\d,\d,p,/)
      assert.deepEqual(await found(), [...names.map((name) => `${name} 1.0.0`), 'web 1.0.0'])
      await archive('web', '1.1.0')
      await at().programOk(`push ${at().path('web-1.1.0.tgz')} ${at().url}`)
      await at().programOk(`delete big-6 ${at().url} --version=1.0.0`)
      const left = names.filter((name) => name !== 'big-6').map((name) => `${name} 1.0.0`)
      assert.deepEqual(await found(), [...left, 'web 1.0.0', 'web 1.1.0'])
      assert.equal(await at().exists('big-6-1.0.0.tgz'), false)
      assert.match(await text('index.yaml'), /helm-s3\/pages/)
    })
  }

  it('can have a scalar of a wrong type, which check --fix repairs without losing an entry', async () => {
    const item = (version: string, more = ''): string =>
      `  - apiVersion: v2\n    name: app # mine\n    version: ${version}\n${more}    urls:\n    - app-${version}.tgz\n`
    for (const version of ['1.1.0', '1.0.0']) await put(`app-${version}.tgz`, await archive('app', version))
    const elsewhere =
      '  far:\n  - apiVersion: v2\n    name: far\n    version: 1.0.0\n    urls:\n    - ' +
      'https://elsewhere.example/far-1.0.0.tgz\n'
    const damaged =
      `apiVersion: v1\nentries:\n  ` +
      `app:\n${item('1.1.0', '    appVersion: 392065e2\n')}${item('1.0.0')}${elsewhere}generated: ` +
      `"2026-01-01T00:00:00Z"\n`
    await put('index.yaml', damaged)
    await at().helmFails(helm, `repo add mine ${at().url} --force-update`)
    const { stdout } = await at().program(`check ${at().url} --fix`)
    const [, kept = ''] = /The old text is kept: s3:\/\/[^/]*\/charts\/(\S+)/.exec(stdout) ?? []
    assert.equal(await text(kept), damaged)
    assert.deepEqual(await found(), ['app 1.0.0', 'app 1.1.0', 'far 1.0.0'])
    await at().helmOk(helm, `pull mine/app --version 1.1.0 -d ${at().folder}`)
  })

  it('reaches its archives by every form of url that Helm follows, and prune --orphans removes none of them', async () => {
    const urls: Readonly<Record<string, string>> = {
      '1.0.0': 'app-1.0.0.tgz',
      '1.1.0': './app-1.1.0.tgz',
      '1.2.0': '/charts/app-1.2.0.tgz',
      '1.3.0': '../charts/%61pp-1.3.0.tgz',
      '1.4.0': `${at().url}/app-1.4.0.tgz`,
      '1.5.0': 'app-1.5.0.tgz?x=1',
    }
    for (const version of Object.keys(urls)) await put(`app-${version}.tgz`, await archive('app', version))
    await index({
      app: Object.entries(urls).map(([version, url]) => ({ name: 'app', version, apiVersion: 'v2', urls: [url] })),
    })
    assert.equal((await found()).length, 6)
    for (const version of Object.keys(urls))
      await at().helmOk(helm, `pull mine/app --version ${version} -d ${at().folder}`)
    assert.match(await at().programOk(`prune ${at().url} --orphans --allow-many-orphans`), /^Nothing to remove/)
    for (const version of Object.keys(urls))
      await at().programOk(`fetch app ${at().url} --version=${version} -d ${at().folder}`)
    await at().programOk(`delete app ${at().url} --all`)
    assert.deepEqual(
      (await at().keys()).filter((key) => key.endsWith('.tgz')),
      [],
    )
  })
})
