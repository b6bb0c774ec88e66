import assert from 'node:assert/strict'
import { join } from 'node:path'
import { readIndexText } from '../../lib/core/index/index-text.ts'
import { asKey } from '../../lib/core/keys.ts'
import { assertProved, filledIndex, pagingIn, versionsOf } from '../support/paged-index.ts'
import { startFaultyProxy } from '../support/faulty-proxy.ts'
import { useWorkplace } from './support/matrix.ts'
import { makeChart } from './support/made-charts.ts'
import { oldClients } from './support/old-client.ts'
import { CHARTS, ROOT, type Workplace } from './support/workplace.ts'

const MIB = 1024 * 1024
const INDEX = asKey('charts/index.yaml')
const archive = (name: string): string => join(CHARTS, `${name}.tgz`)

/**
 * Puts an index of about so many bytes, as another client writes it: without a page table, and with entries whose
 * archives nobody asks for.
 */
async function fill({ store }: Workplace, bytes: number): Promise<void> {
  await store.put(INDEX, filledIndex(bytes).toBytes(), { when: 'always' })
}

async function baseText({ store }: Workplace): Promise<Buffer> {
  const object = await store.get(INDEX)
  return Buffer.from(object?.body ?? assert.fail('there is no index.yaml'))
}

type Parsed = Record<string, readonly { readonly version: string; readonly digest?: string }[]>

/** The charts of a text in the JSON form, all of it parsed. */
function parsed(text: Uint8Array): Parsed {
  return (JSON.parse(Buffer.from(text).toString()) as { entries: Parsed }).entries
}

/** The entries of these charts, `NAME VERSION DIGEST`, and the number of all. */
function summary(charts: Parsed, ...names: readonly string[]): readonly unknown[] {
  const some = names.flatMap((name) =>
    (charts[name] ?? []).map(({ digest = '', version }) => `${name} ${version} ${digest}`),
  )
  return [...some, Object.values(charts).flat().length]
}

for (const storeName of ['minio', 'versitygw'] as const) {
  describe(`an index of 20 MB on ${storeName}`, () => {
    const at = useWorkplace(storeName)
    const merged = async (): Promise<Buffer> => Buffer.from((await at().mergedIndex()).toBytes())
    /** What the program says with `--verbose`. */
    const verbosely = async (line: string): Promise<string> => {
      const { status, stderr } = await at().program(`${line} --verbose`)
      assert.equal(status, 0, stderr)
      return stderr
    }

    beforeEach(async () => {
      await at().programOk(`init ${at().url}`)
      await fill(at(), 20 * MIB)
      // The first compaction makes the pages.
      await at().programOk(`push ${archive('anchor-1.2.3')} ${at().url}`)
    })

    it('is composed by pushes and deletions, and is then what a whole reading finds', async () => {
      const first = assertProved(await baseText(at()))
      assert.ok(first.spans.length > 50, String(first.spans.length))
      const count = Object.values(parsed(await baseText(at()))).flat().length

      assert.match(
        await verbosely(`push ${archive('anchor-1.3.1')} ${at().url}`),
        /composed charts\/index\.yaml of \d+ parts: written/,
      )
      const pushed = parsed(await baseText(at()))
      assert.deepEqual(
        pushed['anchor']?.map(({ version }) => version),
        ['1.3.1', '1.2.3'],
      )
      assert.deepEqual(summary(parsed(await merged()), 'anchor'), summary(pushed, 'anchor'))

      await makeChart(at().path('anchor-1.3.1.tgz'), 'anchor', '1.3.1', 'other bytes')
      assert.match(await verbosely(`push ${at().path('anchor-1.3.1.tgz')} ${at().url} --force`), /: written/)
      const forced = parsed(await baseText(at()))
      assert.notEqual(forced['anchor']?.[0]?.digest, pushed['anchor']?.[0]?.digest)

      assert.match(await verbosely(`delete anchor ${at().url} --version 1.2.3`), /: written/)
      const text = await baseText(at())
      assert.deepEqual(summary(parsed(text), 'anchor'), [
        `anchor 1.3.1 ${String(forced['anchor']?.[0]?.digest)}`,
        count,
      ])
      assert.deepEqual(
        assertProved(text).table.pages.slice(-20),
        first.table.pages.slice(-20),
        'the pages behind are what they were',
      )
      assert.equal(await at().exists('anchor-1.2.3.tgz'), false)
    })

    it('answers fetch, list and the getter, cold and warm, as a whole reading does, in Helm 3 and 4', async () => {
      await at().programOk(`push ${archive('beacon-0.1.0')} ${archive('anchor-1.3.1')} ${at().url} --no-compact`)
      // Both have the same home.
      await at().helmOk(3, `plugin install ${ROOT.replace(/\/$/, '')}`)
      await at().helmOk(3, `repo add shared ${at().url}`)
      const isPaged = /read bytes \d+ to \d+ of charts\/index\.yaml: \d+ of its \d+ pages/
      assert.match(await verbosely(`list ${at().url} anchor`), isPaged)
      assert.match(await verbosely(`fetch anchor ${at().url} --version 1.2.3 --destination ${at().folder}`), isPaged)
      const listed = JSON.parse(await at().programOk(`list ${at().url} anchor --all-versions --output json`)) as {
        versions: readonly { version: string; digest: string }[]
      }
      const whole = parsed(await merged())
      assert.deepEqual(
        listed.versions.map(({ digest, version }) => [version, digest]),
        whole['anchor']?.map(({ digest, version }) => [version, digest]),
      )
      for (const helm of [3, 4] as const) {
        const ok = (line: string): Promise<string> => at().helmOk(helm, line)
        for (const version of ['0.2.0', '0.3.0']) {
          const chart = at().path(`beacon-${String(helm)}-${version}.tgz`)
          await makeChart(chart, 'beacon', `${version}-${String(helm)}`)
          await at().programOk(`push ${chart} ${at().url}`)
          await ok('repo update')
          const found = JSON.parse(await ok(`search repo shared/ --versions --devel -o json`)) as unknown[]
          assert.equal(found.length, Object.values(parsed(await baseText(at()))).flat().length)
          await ok(`pull shared/beacon --version ${version}-${String(helm)} -d ${at().folder}`)
        }
      }
    })

    it('loses nothing to six pushes at the same moment', async () => {
      await at().programOk(`push ${archive('beacon-0.1.0')} ${at().url}`)
      const before = Object.values(parsed(await baseText(at()))).flat().length
      const names = ['aardvark', 'many-0100', 'many-0500', 'middle', 'walnut', 'zebra']
      await Promise.all(names.map((name) => makeChart(at().path(`${name}.tgz`), name, '100.0.0')))
      const results = await Promise.all(names.map((name) => at().program(`push ${name}.tgz ${at().url}`)))
      assert.deepEqual(
        results.filter(({ status }) => status !== 0),
        [],
      )
      await at().programOk(`compact ${at().url}`)
      const text = await baseText(at())
      const charts = parsed(text)
      assert.deepEqual(
        names.map((name) => charts[name]?.[0]?.version),
        names.map(() => '100.0.0'),
      )
      assert.equal(Object.values(charts).flat().length, before + names.length)
      assertProved(text)
    })

    it('stays as it was when the process is killed while it composes', async () => {
      await at().programOk(`push ${archive('beacon-0.1.0')} ${at().url}`)
      const before = await baseText(at())
      const proxy = await startFaultyProxy(at().server.endpoint)
      try {
        const completions = proxy.hold((line) => /^POST .*index\.yaml\?.*uploadId=/.test(line), 'request')
        const { child, result } = at().startProgram(`push ${archive('anchor-1.3.1')} ${at().url}`, {
          AWS_ENDPOINT: proxy.endpoint.replace('http://', ''),
        })
        await completions.arrived
        child.kill('SIGKILL')
        assert.equal((await result).status, null)
      } finally {
        await proxy.close()
      }
      assert.ok((await baseText(at())).equals(before))
      assert.equal((await at().store.uploads?.list(INDEX))?.length, 1)
      assert.deepEqual(
        parsed(await merged())['anchor']?.map(({ version }) => version),
        ['1.3.1', '1.2.3'],
      )
      await at().programOk(`compact ${at().url}`)
      assertProved(await baseText(at()))
      assert.deepEqual(
        parsed(await baseText(at()))['anchor']?.map(({ version }) => version),
        ['1.3.1', '1.2.3'],
      )
    })
  })
}

for (const [name, open] of oldClients()) {
  describe(`an index with pages that ${name} rewrites`, () => {
    const at = useWorkplace('minio')

    it('is read as a whole, loses nothing, and gets a new table with the next compaction', async () => {
      const old = open(at())
      await at().programOk(`init ${at().url}`)
      await fill(at(), MIB)
      await at().programOk(`push ${archive('anchor-1.2.3')} ${at().url}`)
      const before = assertProved(await baseText(at()))

      await old.push(archive('beacon-0.1.0'), async () => {
        await at().programOk(`push ${archive('anchor-1.3.1')} ${at().url}`)
      })
      const rewritten = await baseText(at())
      assert.ok(rewritten.includes('helm-s3/pages'), 'it keeps annotations')
      assert.equal(pagingIn(rewritten), undefined)
      for (const [chart, versions] of [
        ['anchor', ['1.3.1', '1.2.3']],
        ['beacon', ['0.1.0']],
        ['many-0007', versionsOf('many-0007', 20).map(({ version }) => version)],
      ] as const) {
        const listed = JSON.parse(await at().programOk(`list ${at().url} ${chart} --all-versions --output json`)) as {
          versions: readonly { version: string }[]
        }
        assert.deepEqual(
          listed.versions.map(({ version }) => version),
          versions,
        )
      }

      await at().programOk(`compact ${at().url}`)
      const text = await baseText(at())
      const table = assertProved(text).table
      assert.equal(
        table.pages.reduce((sum, { entries }) => sum + entries, 0),
        before.table.pages.reduce((sum, { entries }) => sum + entries, 0) + 2,
      )
      assert.deepEqual(
        readIndexText(text)
          .versions('anchor')
          .map(({ version }) => version),
        ['1.3.1', '1.2.3'],
      )
    })
  })
}
