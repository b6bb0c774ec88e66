import assert from 'node:assert/strict'
import { mkdir, readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256 } from '../../../../lib/sys/sha256.ts'
import type { HelmMajor, Workplace } from '../../../e2e/support/workplace.ts'
import { entriesOf } from '../audit.ts'
import type { Life } from '../life.ts'
import type { Repository } from '../repository.ts'
import { makeSigned } from './pushes.ts'

/** What Helm itself does with a repository. */
export async function livesWithHelm(life: Life): Promise<void> {
  const { charts, diary } = life
  const repository = await life.open('helm')
  const signed = await makeSigned(life, 'signed', '1.0.0')
  await repository.push([
    await charts.make('app', '1.0.0'),
    await charts.make('app', '1.1.0'),
    await charts.make('app', '2.0.0-rc.1'),
    await charts.make('built', '1.2.3+build.7'),
    signed.chart,
  ])
  for (const helm of [3, 4] as const) await usesRepository(life, repository, helm, signed.provenance)
  await diary.step('Helm 3 and 4 run the commands of the plugin by the name of a repository.', async () => {
    for (const helm of [3, 4] as const) {
      const chart = await charts.make('by-helm', `${String(helm)}.0.0`)
      await life.at.helmOk(helm, `s3 push ${chart.path} helm-${String(helm)}`)
      repository.ledger.acknowledge(chart)
      await repository.stand(chart)
    }
  })
}

async function usesRepository(
  { at, charts, diary }: Life,
  repository: Repository,
  helm: HelmMajor,
  provenance: Buffer,
): Promise<void> {
  const alias = `helm-${String(helm)}`
  const ok = (line: string): Promise<string> => at.helmOk(helm, line)

  await diary.step(
    `helm repo add and helm search repo of Helm ${String(helm)} show what the bucket holds.`,
    async () => {
      await ok(`repo add ${alias} ${repository.url}`)
      await finds(at, helm, alias, repository)
    },
  )

  await diary.step(`helm repo update of Helm ${String(helm)} shows a push that is in no index.yaml yet.`, async () => {
    const fresh = await charts.make('fresh', `${String(helm)}.0.0`)
    await repository.push([fresh], '--no-compact')
    const { base } = await repository.snapshot()
    assert.equal(base?.find(fresh), undefined, 'index.yaml has it')
    await ok(`repo update ${alias}`)
    await finds(at, helm, alias, repository)
  })

  await diary.step(`helm pull of Helm ${String(helm)} writes the bytes that were pushed.`, async () => {
    for (const { digest, name, version } of repository.ledger.standing) {
      const folder = at.path(`pulled-${String(helm)}-${name}-${version}`)
      await mkdir(folder)
      await ok(`pull ${alias}/${name} --version ${version} -d ${folder}`)
      const files = await readdir(folder)
      assert.equal(files.length, 1)
      assert.equal(sha256(await readFile(join(folder, files[0] ?? ''))), digest, `${name} ${version}`)
    }
  })

  await diary.step(`helm pull --prov of Helm ${String(helm)} writes the provenance file, too.`, async () => {
    const folder = at.path(`pulled-${String(helm)}-prov`)
    await mkdir(folder)
    await ok(`pull ${alias}/signed --version 1.0.0 --prov -d ${folder}`)
    assert.deepEqual((await readdir(folder)).sort(), ['signed-1.0.0.tgz', 'signed-1.0.0.tgz.prov'])
    assert.deepEqual(await readFile(join(folder, 'signed-1.0.0.tgz.prov')), provenance)
  })
}

/** Helm lists exactly what is in the merged index of the bucket. */
async function finds(at: Workplace, helm: HelmMajor, alias: string, repository: Repository): Promise<void> {
  const listed = JSON.parse(await at.helmOk(helm, `search repo ${alias}/ --versions --devel -o json`)) as {
    readonly name: string
    readonly version: string
  }[]
  const { merged } = await repository.snapshot()
  assert.deepEqual(
    listed.map(({ name, version }) => `${name.replace(`${alias}/`, '')} ${version}`).sort(),
    (merged === undefined ? [] : entriesOf(merged)).map(({ name, version }) => `${name} ${version}`).sort(),
  )
  await repository.holdsItsLedger()
}
