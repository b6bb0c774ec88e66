import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { asKey } from '../../lib/core/keys.ts'
import { makeChart } from './support/made-charts.ts'
import { useWorkplace } from './support/matrix.ts'
import { pause } from './support/servers.ts'
import { ROOT } from './support/workplace.ts'

/**
 * How the stores keep to the condition of a DELETE, and the level that follows. versitygw 1.8.0 lets a DELETE win
 * against a PUT that was acknowledged, in few of many rounds: what a probe finds there, it finds rightly.
 */
const DELETES = { minio: ['ignored'], versitygw: ['exact', 'racy'] } as const
const LEVELS = { exact: 'exact', racy: 'exact but for deletes', ignored: 'exact but for deletes' } as const

for (const storeName of ['minio', 'versitygw'] as const) {
  describe(`check on ${storeName}`, () => {
    const at = useWorkplace(storeName)

    const put = (name: string, body: string | Uint8Array): Promise<unknown> =>
      at().store.put(asKey(`charts/${name}`), Buffer.from(body), { when: 'always' })
    const edit = async (change: (text: string) => string): Promise<void> => {
      const object = await at().store.get(asKey('charts/index.yaml'))
      const before = Buffer.from(object?.body ?? []).toString()
      const after = change(before)
      assert.notEqual(after, before)
      await put('index.yaml', after)
    }
    const chart = async (name: string, version: string, note = ''): Promise<string> => {
      const path = at().path(`${name}-${version}${note}.tgz`)
      await makeChart(path, name, version, note)
      return path
    }
    const codes = async (...flags: readonly string[]): Promise<readonly string[]> => {
      const { stdout, stderr } = await at().program(['check', at().url, '-ojson', ...flags].join(' '))
      assert.equal(stderr, '')
      const { findings } = JSON.parse(stdout) as {
        readonly findings: readonly { readonly code: string; readonly severity: string }[]
      }
      return [...new Set(findings.filter(({ severity }) => severity !== 'remark').map(({ code }) => code))].sort()
    }
    /** Both Helms load the index without a message on stderr, and pull what it names. */
    const holdInBothHelms = async (): Promise<void> => {
      for (const helm of [3, 4] as const) {
        await at().helmOk(helm, `repo add acme ${at().url} --force-update`)
        await at().helmOk(helm, 'repo update')
        assert.match(await at().helmOk(helm, 'search repo acme/app --versions'), /acme\/app/)
        await at().helmOk(helm, `pull acme/app --version 1.1.0 -d ${at().folder}`)
      }
    }

    beforeEach(async () => {
      await at().helmOk(3, `plugin install ${ROOT.replace(/\/$/, '')}`)
      await at().programOk(`init ${at().url}`)
      for (const version of ['1.0.0', '1.1.0'])
        await at().programOk(`push ${await chart('app', version)} ${at().url} --relative`)
      await at().programOk(`push ${await chart('web', '0.1.0')} ${at().url} --relative`)
    })

    it('reports what the store guarantees with --probe, and leaves no object behind', async () => {
      const before = await at().keys()
      const stdout = await at().programOk(`doctor ${at().url} --probe --deep`)
      const levels = DELETES[storeName].map((keeps) => LEVELS[keeps])
      assert.ok(
        levels.some((level) => stdout.includes(`\nStore: ${level}.\n`)),
        stdout,
      )
      assert.deepEqual(await at().keys(), before)
    })

    it('measures with --probe what else is counted on, in as many rounds as it is told', async () => {
      const stdout = await at().programOk(`check ${at().url} --probe --rounds 5 -ojson`)
      const { findings, probe } = JSON.parse(stdout) as {
        readonly findings: readonly { readonly code: string }[]
        readonly probe: Readonly<Record<string, unknown>>
      }
      const race = { keeps: 'exact', rounds: 5, wrong: 0, mostWinners: 1, withoutWinner: 0, findsOneIn: 2 }
      const { clocksApartSeconds, create, delete: deletion, lastModifiedAheadSeconds, swap, ...others } = probe
      assert.deepEqual([create, swap], [race, race])
      const { keeps } = deletion as { readonly keeps: keyof typeof LEVELS }
      assert.ok((DELETES[storeName] as readonly string[]).includes(keeps), keeps)
      assert.deepEqual(others, {
        rounds: 5,
        etags: 'quoted',
        showsAtOnce: true,
        listings: 'exact',
        bodies: 'whole',
        checksums: true,
        sendsUnchanged: false,
        ranges: true,
        ends: true,
        partCopy: 'exact',
        partSwap: 'exact',
        partCreate: 'exact',
      })
      assert.ok(Number(clocksApartSeconds) === 0 && Math.abs(Number(lastModifiedAheadSeconds)) <= 2)
      assert.deepEqual(
        findings.map(({ code }) => code).filter((code) => code.startsWith('store-')),
        keeps === 'exact' ? [] : ['store-deletes-always'],
      )
    })

    const damages: Readonly<Record<string, readonly [() => Promise<unknown>, readonly string[]]>> = {
      'a missing archive': [() => at().store.delete(asKey('charts/app-1.0.0.tgz')), ['archive-missing']],
      'an archive that was replaced': [
        async () => {
          // Dates of objects are in whole seconds, and the date of an entry is up to two seconds late.
          await pause(3500)
          await put('web-0.1.0.tgz', await readFile(await chart('web', '0.1.0', 'other')))
        },
        ['archive-digest-mismatch'],
      ],
      'a missing index': [() => at().store.delete(asKey('charts/index.yaml')), ['index-missing']],
      'an index with a duplicate chart': [
        () => put('index.yaml', 'apiVersion: v1\nentries:\n  app: []\n  app: []\n'),
        ['index-unreadable'],
      ],
      'entries that Helm warns about': [
        () =>
          edit((text) =>
            text.replace('"app":[\n', '"app":[\n{"name":"app"},\n').replace(/("web":\[\n)(.*)\n/, '$1$2,\nnull,\n$2\n'),
          ),
        ['entry-duplicate', 'entry-null', 'entry-skipped'],
      ],
      'digests that Helm 4 refuses': [
        () => edit((text) => text.replaceAll(/"digest":"[0-9a-f]{64}"/g, '"digest":"abc"')),
        ['entry-digest-invalid'],
      ],
      'a chart under another name': [() => edit((text) => text.replace('"web":[', '"shop":[')), ['entry-misplaced']],
    }
    it(
      'reports a missing archive in a folder, removes its entry with --fix, and leaves the other archive in the folder, ' +
        'which both Helms pull',
      async () => {
        const object = await at().store.get(asKey('charts/app-1.1.0.tgz'))
        await put('dir/app-1.1.0.tgz', object?.body ?? '')
        for (const version of ['1.0.0', '1.1.0']) await at().store.delete(asKey(`charts/app-${version}.tgz`))
        await edit((text) => text.replaceAll(/"(app-1\.[01]\.0\.tgz)"/g, '"dir/$1"'))
        assert.deepEqual([await codes(), await codes('--deep')], [['archive-missing'], ['archive-missing']])
        await at().programOk(`check ${at().url} --fix`)
        assert.deepEqual(await codes('--deep'), [])
        await holdInBothHelms()
        assert.deepEqual(
          (await at().keys()).filter((key) => key.includes('/dir/')),
          ['charts/dir/app-1.1.0.tgz'],
        )
      },
    )

    for (const [what, [damage, finds]] of Object.entries(damages)) {
      it(`finds and repairs ${what}; both Helms load the result without a warning`, async () => {
        await damage()
        assert.deepEqual(await codes(), finds)
        await at().programOk(`check ${at().url} --fix --relative`)
        assert.deepEqual(await codes('--deep'), [])
        await holdInBothHelms()
      })
    }
  })
}
