import assert from 'node:assert/strict'
import { asKey } from '../../../lib/core/keys.ts'
import type { Result } from '../support/run.ts'
import { type MadeChart, type Scene, type Schedule, heldFrom, kill, pushLine } from '../support/schedules.ts'

const ARCHIVE = asKey('charts/app-1.0.0.tgz')

/** Ways in which an archive of app 1.0.0 is left in the bucket without an entry. */
const ORPHANS: Readonly<Record<string, (scene: Scene, app: MadeChart) => Promise<void>>> = {
  'that a deletion has left': async (scene, app) => {
    await scene.push(app)
    await scene.delete(app)
    await scene.push(app)
    const archive = await scene.at.store.get(ARCHIVE)
    assert.ok(archive)
    await scene.delete(app)
    await scene.at.store.put(ARCHIVE, archive.body, { when: 'always', metadata: archive.metadata })
  },
  'that a killed push has left': async (scene, app) => {
    const hold = scene.holdAnswer(/^PUT charts\/app-1\.0\.0\.tgz$/)
    const push = scene.start(pushLine(scene, app))
    await heldFrom(hold, push)
    await kill(push)
    assert.ok(await scene.at.store.head(ARCHIVE))
  },
}

/** Ways to upload other bytes of that version. @returns the line to run */
const NEWCOMERS: Readonly<Record<string, (scene: Scene, app: MadeChart) => Promise<string>>> = {
  'a push': async (scene, app) => pushLine(scene, app),
  'a copy': async (scene, app) => {
    const staging = `s3://${scene.at.bucket}/staging`
    await scene.at.programOk(`init ${staging}`)
    await scene.at.programOk(`push ${app.path} ${staging}`)
    return `copy app ${staging} ${scene.url}`
  },
}

const newcomers = Object.entries(ORPHANS).flatMap(([orphan, lay]) =>
  Object.entries(NEWCOMERS).flatMap(([newcomer, prepare]) =>
    ['', ' --ignore-if-exists'].map((flag): Schedule => ({
      title: `${newcomer}${flag} that finds an archive ${orphan} succeeds only with the version in the index`,
      play: async (scene) => {
        const [first, next] = [await scene.chart('app'), await scene.chart('app', '1.0.0', 'next')]
        const line = await prepare(scene, next)
        await lay(scene, first)
        const result = await scene.at.program(line + flag)
        await expectIndexed(scene, result, flag === '' ? [next] : [next, first])
        await scene.endsWell()
      },
    })),
  ),
)

/** Exit 0 with one of these in the index, or exit 1 with the name of the archive that is in the way. */
async function expectIndexed(scene: Scene, result: Result, charts: readonly MadeChart[]): Promise<void> {
  const { status, stderr, stdout } = result
  const entry = (await scene.merged()).find({ name: 'app', version: '1.0.0' })
  if (status === 0) {
    const chart = charts.find(({ digest }) => digest === entry?.digest)
    assert.ok(chart, `the index has ${entry?.digest ?? 'no such version'}, after: ${stdout}${stderr}`)
    await scene.stand(chart)
    return
  }
  assert.deepEqual([status, stdout, entry], [1, '', undefined])
  assert.match(stderr, /\bapp-1\.0\.0\.tgz\b/)
}

const existing: Schedule = {
  title: 'a push or a copy with --ignore-if-exists reports an existing version with its own digest',
  play: async (scene) => {
    const [first, next] = [await scene.chart('app'), await scene.chart('app', '1.0.0', 'next')]
    await scene.push(first)
    for (const prepare of Object.values(NEWCOMERS)) {
      const line = `${await prepare(scene, next)} --ignore-if-exists -ojson`
      const said = JSON.parse(await scene.at.programOk(line)) as { readonly existing: readonly object[] }
      assert.deepEqual([line, said.existing], [line, [{ name: 'app', version: '1.0.0', digest: first.digest }]])
    }
    await scene.stand(first)
    await scene.endsWell()
  },
}

export const orphans: readonly Schedule[] = [...newcomers, existing]
