import assert from 'node:assert/strict'
import { asKey } from '../../lib/core/keys.ts'
import { readIndexText } from '../../lib/core/index/index-text.ts'
import { makeChart } from './support/made-charts.ts'
import { describeEverywhere } from './support/matrix.ts'

const KEY = asKey('charts/index.yaml')

/** A large index on a real store, which composes its next text of ranges of the present one, or does not. */
describeEverywhere('an index of many megabytes', ({ at, helm }) => {
  const push = async (version: string): Promise<string> => {
    const path = at().path(`big-30-web-${version}.tgz`)
    await makeChart(path, 'big-30-web', version)
    const { status, stderr } = await at().program(`push ${path} ${at().url} --verbose`)
    assert.equal(status, 0, stderr)
    return stderr
  }

  it('is composed where the store does so exactly, and else sent: Helm finds the same in it', async () => {
    const names = Array.from({ length: 60 }, (_, i) => `big-${String(i).padStart(2, '0')}`)
    const entry = (name: string): object => ({
      name,
      version: '1.0.0',
      apiVersion: 'v1',
      urls: [`${name}-1.0.0.tgz`],
      annotations: { filler: 'x'.repeat(300_000) },
    })
    const index = { apiVersion: 'v1', entries: Object.fromEntries(names.map((name) => [name, [entry(name)]])) }
    await at().store.put(KEY, Buffer.from(JSON.stringify(index)), { when: 'always' })
    await push('1.0.0')
    const said = await push('1.1.0')
    const object = await at().store.get(KEY)
    const text = readIndexText(object?.body ?? new Uint8Array())
    const finding = [...(text.bookkeeping.composes?.values() ?? [])].map(({ works }) => works)
    assert.equal(finding.length, 1)
    assert.equal(/composed charts\/index\.yaml of \d+ parts: written/.test(said), finding[0])
    assert.equal(/read bytes \d+ to \d+ of charts\/index\.yaml: 1 of its \d+ pages/.test(said), finding[0])
    assert.ok(text.parts.pages !== undefined)
    assert.deepEqual(object?.metadata['write'], text.bookkeeping.writeId)
    assert.equal(object?.contentType, 'application/json')
    assert.deepEqual(
      (await at().keys()).filter((key) => key.includes('probe')),
      [],
    )
    await at().helmOk(helm, `repo add mine ${at().url}`)
    const found = JSON.parse(await at().helmOk(helm, 'search repo mine --versions -o json')) as { version: string }[]
    assert.equal(found.length, names.length + 2)
  })
})
