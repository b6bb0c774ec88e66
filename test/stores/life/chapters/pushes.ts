import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { sha256 } from '../../../../lib/sys/sha256.ts'
import type { Result } from '../../../e2e/support/run.ts'
import type { MadeChart } from '../../../e2e/support/schedules.ts'
import { Difference } from '../diary.ts'
import type { Life } from '../life.ts'
import { type Repository, pushLine } from '../repository.ts'
import { isExclusive } from '../store-under-test.ts'

const AT_ONCE = 20
const RIVALS = 8
const MANY = 40

const ALREADY = /^The chart already exists in the repository and cannot be overwritten without an explicit intent/

/** Pushes of one and of many processes. */
export async function pushes(life: Life): Promise<void> {
  const { charts, diary } = life
  const repository = await life.open('pushes')
  const { ledger } = repository

  await diary.step(
    `${String(AT_ONCE)} processes push a version each at once: all are in the merged index.`,
    async () => {
      const made = await Promise.all(
        Array.from({ length: AT_ONCE }, (_, i) =>
          charts.make(i % 2 === 0 ? 'shared' : `one-${String(i)}`, `1.0.${String(i)}`),
        ),
      )
      await pushAtOnce(
        repository,
        made.map((chart) => [chart]),
      )
      await repository.stand(...made)
    },
  )

  await diary.step('After a compaction they all are in index.yaml itself.', async () => {
    await repository.ok('compact REPO')
    const { base } = await repository.snapshot()
    const missing = ledger.standing.filter((chart) => base?.find(chart)?.digest !== chart.digest)
    assert.deepEqual(missing, [])
    assert.equal(base?.countEntries(), ledger.standing.length)
  })

  await diary.step(
    `${String(RIVALS)} processes push one version with different bytes at once: one wins, and entry and archive agree.`,
    () => pushRivals(life, repository),
  )

  await diary.step(`One call pushes ${String(MANY)} versions while two others push: nothing is lost.`, async () => {
    const many = await Promise.all(
      Array.from({ length: MANY }, (_, i) => charts.make(`many-${String(i % 5)}`, `2.${String(i)}.0`)),
    )
    const others = [[await charts.make('many-0', '9.0.0')], [await charts.make('other', '1.0.0')]]
    await pushAtOnce(repository, [many, ...others])
    await repository.stand(...many, ...others.flat())
  })

  await diary.step('A push of what exists is refused with exit code 1 (fine: 5), and changes no byte.', async () => {
    const again = await charts.make('other', '1.0.0', 'other bytes')
    await repository.refuses(pushLine([again]), { status: 1, fine: 5, stderr: ALREADY })
  })

  await diary.step('push --ignore-if-exists keeps what exists, and succeeds.', async () => {
    const again = await charts.make('other', '1.0.0', 'other bytes')
    const before = await repository.listing()
    await repository.ok(pushLine([again], '--ignore-if-exists'))
    assert.deepEqual(await repository.listing(), before)
  })

  await diary.step('push --force replaces entry and archive.', async () => {
    const forced = await charts.make('other', '1.0.0', 'forced')
    await repository.push([forced], '--force')
    await repository.stand(forced)
  })

  await diary.step('A version with + is stored under its own name.', async () => {
    const built = await charts.make('built', '1.2.3+build.7')
    await repository.push([built])
    await repository.stand(built)
    assert.ok((await repository.names()).includes('built-1.2.3+build.7.tgz'))
    await repository.ok(`fetch built REPO --version 1.2.3+build.7 --destination ${life.at.path('fetched-built')}`)
  })

  await diary.step('A provenance file is stored beside its archive, and fetched with it.', async () => {
    const signed = await makeSigned(life, 'signed', '1.0.0')
    await repository.push([signed.chart])
    await repository.stand(signed.chart)
    assert.deepEqual(await repository.body('signed-1.0.0.tgz.prov'), signed.provenance)
  })

  await diary.step('Nothing that was acknowledged so far is missing.', () => repository.holdsItsLedger())
}

/** A chart with a file that looks as one of `helm package --sign`. */
export async function makeSigned(
  { at, charts }: Life,
  name: string,
  version: string,
): Promise<{ readonly chart: MadeChart; readonly provenance: Buffer }> {
  const chart = await charts.make(name, version)
  const text = `-----BEGIN PGP SIGNED MESSAGE-----\n\nname: ${name}\n\n...\nfiles:\n  ${name}-${version}.tgz: sha256:${chart.digest}\n`
  const provenance = Buffer.from(text)
  await writeFile(at.path(`${chart.path}.prov`), provenance)
  return { chart, provenance }
}

/** One process for each list of charts; all have to succeed. */
async function pushAtOnce(repository: Repository, lists: readonly (readonly MadeChart[])[]): Promise<void> {
  const results = await Promise.all(lists.map((charts) => repository.run(pushLine(charts))))
  for (const [i, result] of results.entries()) {
    if (result.status === 0) repository.ledger.acknowledge(...(lists[i] ?? []))
  }
  for (const [i, result] of results.entries()) repository.wellDone(`push ${String(i)}`, result)
}

async function pushRivals({ charts, known: { level } }: Life, repository: Repository): Promise<Difference | string> {
  const version = { name: 'prize', version: '1.0.0' }
  const rivals = await Promise.all(
    Array.from({ length: RIVALS }, (_, i) => charts.make(version.name, version.version, `rival ${String(i)}`)),
  )
  const results = await Promise.all(rivals.map((rival) => repository.run(pushLine([rival]))))
  const winners = rivals.filter((_, i) => results[i]?.status === 0)
  const odd = results.filter(({ status, stderr }) => status !== 0 && !(status === 1 && ALREADY.test(stderr)))
  const [winner] = winners
  assert.ok(winner !== undefined, `nobody won: ${describe(results)}`)
  const stored = await storedDigests(repository)
  if (stored.entry === stored.archive && stored.entry !== undefined)
    repository.ledger.acknowledge({ ...version, digest: stored.entry })
  const found = `${String(winners.length)} of ${String(RIVALS)} were told that they won`
  if (isExclusive(level)) {
    assert.equal(winners.length, 1, `${found}: ${describe(results)}`)
    assert.deepEqual(odd, [], describe(odd))
    assert.deepEqual(stored, { entry: winner.digest, archive: winner.digest })
    return `the others were told that it exists`
  }
  assert.ok(
    rivals.some(({ digest }) => digest === stored.archive),
    'the archive is of none of them',
  )
  if (stored.entry === stored.archive) {
    return new Difference(`${found}, which may be more than one; entry and archive agree`)
  }
  await repository.run('check REPO --deep --fix')
  const healed = await storedDigests(repository)
  assert.ok(
    healed.entry !== undefined && healed.entry === healed.archive,
    'check --deep --fix does not make them agree',
  )
  repository.ledger.acknowledge({ ...version, digest: healed.entry })
  return new Difference(`${found}; entry and archive differed, and check --deep --fix made them agree`)
}

async function storedDigests(
  repository: Repository,
): Promise<{ readonly entry: string | undefined; readonly archive: string | undefined }> {
  const { merged } = await repository.snapshot()
  const archive = await repository.body('prize-1.0.0.tgz')
  return {
    entry: merged?.find({ name: 'prize', version: '1.0.0' })?.digest,
    archive: archive && sha256(archive),
  }
}

function describe(results: readonly Result[]): string {
  return results.map(({ status, stderr }) => `${String(status)} ${stderr.slice(0, 120)}`).join(' | ')
}
