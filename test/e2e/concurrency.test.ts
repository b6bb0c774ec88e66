import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import type { IndexText } from '../../lib/core/index/index-text.ts'
import { sha256 } from '../../lib/sys/sha256.ts'
import { useWorkplace } from './support/matrix.ts'
import { makeChart } from './support/made-charts.ts'
import type { Result } from './support/run.ts'
import { pause } from './support/servers.ts'
import type { Workplace } from './support/workplace.ts'

const PUSHES = 30

/** Real processes, all at the same moment, that share nothing but the store. */
for (const storeName of ['minio', 'versitygw'] as const) {
  describe(`many processes at once on ${storeName}`, () => {
    const at = useWorkplace(storeName)

    it(`lose none of ${String(PUSHES)} pushes and no deletion while others compact`, async () => {
      await at().programOk(`init ${at().url}`)
      const doomed = ['1.0.0', '1.1.0', '1.2.0']
      for (const version of doomed) await makeChart(at().path(`doomed-${version}.tgz`), 'doomed', version)
      await at().programOk(`push ${doomed.map((version) => `doomed-${version}.tgz`).join(' ')} ${at().url}`)
      const names = Array.from({ length: PUSHES }, (_, i) => (i % 3 === 0 ? 'shared' : `chart-${String(i)}`))
      await Promise.all(names.map((name, i) => makeChart(at().path(`${String(i)}.tgz`), name, `1.0.${String(i)}`)))

      const results = await Promise.all([
        ...names.map((_, i) => at().program(`push ${String(i)}.tgz ${at().url}`)),
        ...doomed.map((version) => at().program(`delete doomed ${at().url} --version ${version}`)),
        ...Array.from({ length: 3 }, () => at().program(`compact ${at().url}`)),
      ])

      const failures = results.filter(({ status }) => status !== 0)
      assert.deepEqual(failures, [])
      await at().programOk(`compact ${at().url}`)
      for (const index of [await at().mergedIndex(), await at().baseIndex()]) {
        assert.deepEqual(missing(index, names), [])
        assert.deepEqual(index.versions('doomed'), [])
        assert.equal(index.countEntries(), PUSHES)
      }
      assert.deepEqual(
        (await at().keys()).filter((key) => key.includes('doomed')),
        [],
      )
    })

    it('let exactly one of several pushes of one version with different bytes win', async () => {
      await at().programOk(`init ${at().url}`)
      const rivals = Array.from({ length: 10 }, (_, i) => String(i))
      await Promise.all(rivals.map((rival) => makeChart(at().path(`${rival}.tgz`), 'prize', '1.0.0', `rival ${rival}`)))
      const results = await Promise.all(rivals.map((rival) => at().program(`push ${rival}.tgz ${at().url}`)))
      const winners = rivals.filter((_, i) => results[i]?.status === 0)
      assert.equal(winners.length, 1, JSON.stringify(results))
      const entry = (await at().mergedIndex()).find({ name: 'prize', version: '1.0.0' })
      assert.equal(entry?.digest, sha256(await readFile(at().path(`${String(winners[0])}.tgz`))))
      await expectAgreement(at())
    })

    it('leave index and archive in agreement when they all push one version with --force', async () => {
      await at().programOk(`init ${at().url}`)
      const rivals = Array.from({ length: 6 }, (_, i) => String(i))
      await Promise.all(rivals.map((rival) => makeChart(at().path(`${rival}.tgz`), 'prize', '1.0.0', `rival ${rival}`)))
      await at().programOk(`push 0.tgz ${at().url}`)
      const results = await Promise.all(rivals.map((rival) => at().program(`push ${rival}.tgz ${at().url} --force`)))
      assert.deepEqual(
        results.filter(({ status }) => status !== 0),
        [],
      )
      await expectAgreement(at())
    })

    it('leave every acknowledged push in the index, with its archive, when they are killed at random moments', async function () {
      const seed = Math.floor(Math.random() * 1e9)
      this.test!.title += ` (seed ${String(seed)})`
      const random = mulberry(seed)
      await at().programOk(`init ${at().url}`)
      const names = Array.from({ length: 24 }, (_, i) => `victim-${String(i)}`)
      await Promise.all(names.map((name) => makeChart(at().path(`${name}.tgz`), name, '1.0.0')))

      const outcomes: Result[] = []
      for (let i = 0; i < names.length; i += 6) {
        outcomes.push(
          ...(await Promise.all(names.slice(i, i + 6).map((name) => pushAndKill(at(), name, 100 + random() * 900)))),
        )
      }
      const acknowledged = names.filter((_, i) => outcomes[i]?.status === 0)
      const index = await at().mergedIndex()
      for (const name of acknowledged) assert.ok(index.find({ name, version: '1.0.0' }), `${name} was acknowledged`)
      await expectAgreement(at())

      for (const name of names) {
        const { status, stderr } = await at().program(`push ${name}.tgz ${at().url}`)
        assert.ok(status === 0 || stderr.startsWith('The chart already exists'), stderr)
      }
      await at().programOk(`compact ${at().url}`)
      assert.equal((await at().baseIndex()).countEntries(), names.length)
      await expectAgreement(at())
    })
  })
}

async function pushAndKill(at: Workplace, name: string, after: number): Promise<Result> {
  const { child, result } = at.startProgram(`push ${name}.tgz ${at.url}`)
  await Promise.race([pause(after), result])
  child.kill('SIGKILL')
  return result
}

/** Every entry has its archive, with its digest. */
async function expectAgreement(at: Workplace): Promise<void> {
  const index = await at.mergedIndex()
  for (const name of index.chartNames()) {
    for (const { digest, version } of index.versions(name)) {
      const archive = await at.store.get(`charts/${name}-${version}.tgz` as never)
      assert.equal(archive && sha256(archive.body), digest, `${name} ${version}`)
    }
  }
}

function missing(index: IndexText, names: readonly string[]): string[] {
  return names.filter((name, i) => index.find({ name, version: `1.0.${String(i)}` }) === undefined)
}

function mulberry(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
