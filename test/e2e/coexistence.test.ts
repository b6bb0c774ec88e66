import assert from 'node:assert/strict'
import { join } from 'node:path'
import { asKey } from '../../lib/core/keys.ts'
import type { IndexText } from '../../lib/core/index/index-text.ts'
import { useWorkplace } from './support/matrix.ts'
import { type OldClient, oldClients } from './support/old-client.ts'
import { CHARTS, ROOT, type Workplace } from './support/workplace.ts'

const archive = (name: string): string => join(CHARTS, `${name}.tgz`)

function versionsIn(index: IndexText): string[] {
  return index.chartNames().flatMap((name) => index.versions(name).map(({ version }) => `${name} ${version}`))
}

/** Both Helms load the index through the getter, without a message on stderr, and find these versions. */
async function bothHelmsSee(workplace: Workplace, expected: readonly string[]): Promise<void> {
  for (const major of [3, 4] as const) {
    await workplace.helmOk(major, 'repo update shared')
    const found = JSON.parse(await workplace.helmOk(major, 'search repo shared/ --versions --devel -o json')) as {
      name: string
      version: string
    }[]
    assert.deepEqual(
      found.map(({ name, version }) => `${name.slice('shared/'.length)} ${version}`).sort(),
      [...expected].sort(),
    )
  }
}

for (const [name, open] of oldClients()) {
  describe(`a bucket shared with ${name}`, () => {
    const at = useWorkplace('minio')
    let old: OldClient
    beforeEach(async () => {
      old = open(at())
      await at().helmOk(3, `plugin install ${ROOT.replace(/\/$/, '')}`)
      await at().programOk(`init ${at().url}`)
      await at().helmOk(3, `repo add shared ${at().url}`)
    })
    const push = (chart: string, ...flags: string[]): Promise<string> =>
      at().programOk(['push', archive(chart), at().url, ...flags].join(' '))
    const merged = async (): Promise<string[]> => versionsIn(await at().mergedIndex()).sort()
    const plain = async (): Promise<string[]> => versionsIn(await at().baseIndex()).sort()

    it('shows pushes and deletions of both clients in turn', async () => {
      await push('anchor-1.2.3')
      await old.push(archive('beacon-0.1.0'))
      await push('anchor-1.3.1')
      assert.deepEqual(await merged(), ['anchor 1.2.3', 'anchor 1.3.1', 'beacon 0.1.0'])
      await old.delete('anchor', '1.2.3')
      assert.deepEqual(await merged(), ['anchor 1.3.1', 'beacon 0.1.0'])
      await at().programOk(`delete beacon ${at().url} --version 0.1.0`)
      assert.deepEqual(await plain(), ['anchor 1.3.1'])
      await bothHelmsSee(at(), ['anchor 1.3.1'])
    })

    it('still shows a push that an old client has overwritten in index.yaml, and the next compaction restores it there', async () => {
      await old.push(archive('beacon-0.1.0'), async () => void (await push('anchor-1.2.3')))
      assert.deepEqual(await plain(), ['beacon 0.1.0'])
      assert.deepEqual(await merged(), ['anchor 1.2.3', 'beacon 0.1.0'])
      await at().programOk(`compact ${at().url}`)
      assert.deepEqual(await plain(), ['anchor 1.2.3', 'beacon 0.1.0'])
      await bothHelmsSee(at(), ['anchor 1.2.3', 'beacon 0.1.0'])
    })

    it('still hides a version whose deletion an old client has overwritten in index.yaml', async () => {
      await push('anchor-1.2.3')
      await old.push(archive('beacon-0.1.0'), async () => {
        await at().programOk(`delete anchor ${at().url} --version 1.2.3`)
      })
      assert.deepEqual(await plain(), ['anchor 1.2.3', 'beacon 0.1.0'])
      assert.deepEqual(await merged(), ['beacon 0.1.0'])
      await at().programOk(`compact ${at().url}`)
      await bothHelmsSee(at(), ['beacon 0.1.0'])
    })

    it('loses no push and no deletion to a reindex of an old client, which drops all annotations', async () => {
      await push('anchor-1.2.3')
      await old.reindex(async () => {
        await push('anchor-1.3.1')
        await at().programOk(`delete anchor ${at().url} --version 1.2.3`)
      })
      assert.deepEqual(await plain(), ['anchor 1.2.3'])
      assert.deepEqual(await merged(), ['anchor 1.3.1'])
      await at().programOk(`compact ${at().url}`)
      assert.deepEqual(await plain(), ['anchor 1.3.1'])
      await bothHelmsSee(at(), ['anchor 1.3.1'])
    })

    it('is read in full when an old client has kept the table of pages that no longer fit, until a compaction makes others', async () => {
      const big = (chart: string): object => ({
        name: chart,
        version: '1.0.0',
        apiVersion: 'v2',
        urls: [`${chart}-1.0.0.tgz`],
        annotations: { filler: 'x'.repeat(100_000) },
      })
      const names = Array.from({ length: 6 }, (_, i) => `big-${String(i)}`)
      const entries = Object.fromEntries(names.map((chart) => [chart, [big(chart)]]))
      await at().store.put(asKey('charts/index.yaml'), Buffer.from(JSON.stringify({ apiVersion: 'v1', entries })), {
        when: 'always',
      })
      const pages = async (): Promise<boolean> => (await at().baseIndex()).parts.pages !== undefined
      await push('anchor-1.2.3')
      assert.equal(await pages(), true)
      await old.push(archive('beacon-0.1.0'))
      assert.equal(await pages(), false)
      const table = (await at().baseIndex()).parts.header.annotations.pages
      assert.match(table ?? '', /^1,\d+;anchor,/, 'it is still there')
      assert.match(await at().programOk(`list ${at().url} beacon`), /^beacon +0\.1\.0/m)
      await push('anchor-1.3.1')
      assert.equal(await pages(), true)
      const all = [...names.map((chart) => `${chart} 1.0.0`), 'anchor 1.2.3', 'anchor 1.3.1', 'beacon 0.1.0']
      assert.deepEqual(await plain(), all.sort())
      await bothHelmsSee(at(), all)
    })

    it('has an index that both Helms load after pushes, reindexes and compactions of both clients in both forms', async () => {
      await push('anchor-1.2.3', '--relative')
      await old.push(archive('anchor-1.3.1'))
      await at().programOk(`compact ${at().url} --format yaml`)
      await old.reindex()
      await at().programOk(`reindex ${at().url}`)
      await push('anchor-1.0.0+build.5')
      await at().programOk(`compact ${at().url} --format json`)
      await old.push(archive('beacon-0.1.0'))
      await at().programOk(`compact ${at().url}`)
      await bothHelmsSee(at(), ['anchor 1.0.0+build.5', 'anchor 1.2.3', 'anchor 1.3.1', 'beacon 0.1.0'])
      for (const major of [3, 4] as const)
        await at().helmOk(major, `pull shared/anchor --version 1.3.1 -d ${at().folder}`)
    })
  })
}
