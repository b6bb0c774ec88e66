import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { asKey } from '../../../lib/core/keys.ts'
import type { Hold } from '../../support/faulty-proxy.ts'
import type { Running } from '../support/run.ts'
import { type MadeChart, type Scene, type Schedule, heldFrom, kill, pushLine } from '../support/schedules.ts'

const GARBAGE = '<html>Sorry</html>'
const HOUR = 3_600_000
/** A request that opens an archive. */
const OPENING = /^(?:GET|HEAD) charts\/[^/]*\.tgz$/

const DAMAGES: Readonly<Record<string, (scene: Scene) => Promise<unknown>>> = {
  missing: ({ at }) => at.store.delete(asKey('charts/index.yaml')),
  garbage: (scene) => scene.putIndexText(GARBAGE),
}

/** Pushes charts and deletes their deltas, as if they had been pushed long ago. */
async function fill(scene: Scene, count: number): Promise<readonly MadeChart[]> {
  const charts = await scene.charts(Array.from({ length: count }, (_, i) => `chart-${String(i)}`))
  await scene.push(...charts)
  for (const id of await scene.deltas()) await scene.at.store.delete(asKey(`charts/index.d/${id}.yaml`))
  await scene.stand(...charts)
  return charts
}

/** Starts a rebuild, and holds it after it has opened some of the archives. */
async function startHeldRebuild(scene: Scene): Promise<{ readonly rebuild: Running; readonly hold: Hold }> {
  const hold = scene.holdFromThe(20, OPENING)
  const rebuild = scene.start(`reindex ${scene.url} --rebuild`)
  await heldFrom(hold, rebuild)
  return { rebuild, hold }
}

async function makeOld({ at }: Scene, names: readonly string[]): Promise<void> {
  for (const name of names) await at.age(name, 2 * HOUR)
}

const fractions = Object.entries(DAMAGES).map(([what, damage]): Schedule => ({
  title: `a rebuild of an index.yaml that is ${what} shows no partial index to readers, and leaves none when it is killed`,
  play: async (scene) => {
    const charts = await fill(scene, 40)
    await damage(scene)
    const [before, text] = [await scene.at.keys(), await scene.indexText()]
    const { rebuild } = await startHeldRebuild(scene)

    const reader = await scene.download()
    assert.notEqual(reader.status, 0, `a reader takes this for the index: ${reader.stdout}`)
    await kill(rebuild)
    const after = new Set(await scene.at.keys())
    assert.deepEqual(
      before.filter((key) => !after.has(key)),
      [],
    )
    assert.deepEqual([after.has('charts/index.yaml'), await scene.indexText()], [text !== '', text])
    assert.notEqual((await scene.download()).status, 0)

    await scene.at.programOk(`reindex ${scene.url} --rebuild`)
    await scene.stand(...charts)
    await scene.endsWell()
  },
}))

/** Archives count as orphans when they are older than an hour, and only versitygw lets a test make them that old. */
const prunes: readonly Schedule[] = ['', ', not even after an init'].map((also) => ({
  title: `prune --orphans removes nothing during a rebuild${also}`,
  only: 'versitygw',
  play: async (scene) => {
    const charts = await fill(scene, 40)
    const archives = await scene.archives()
    await makeOld(scene, archives)
    await DAMAGES['missing']?.(scene)
    const { hold, rebuild } = await startHeldRebuild(scene)
    // The init may fail.
    if (also !== '') await scene.at.program(`init ${scene.url}`)

    const { status, stdout, stderr } = await scene.at.program(`prune ${scene.url} --orphans`)
    assert.equal((await scene.archives()).length, archives.length, `prune has said: ${stdout}${stderr}`)
    assert.notEqual(status, 0, stdout)
    assert.notEqual(stderr, '')

    hold.release()
    await rebuild.result
    await scene.at.programOk(`reindex ${scene.url} --rebuild`)
    await scene.stand(...charts)
    await scene.endsWell()
  },
}))

const share: Schedule = {
  title: 'prune --orphans removes more than a tenth of the archives only with --allow-many-orphans',
  only: 'versitygw',
  play: async (scene) => {
    const charts = await fill(scene, 20)
    const addOrphan = async (name: string): Promise<void> => {
      const { path } = await scene.chart(name)
      await scene.at.store.put(asKey(`charts/${name}-1.0.0.tgz`), await readFile(path), { when: 'absent' })
      await makeOld(scene, [`${name}-1.0.0.tgz`])
    }
    for (const name of ['lost-a', 'lost-b', 'lost-c']) await addOrphan(name)

    const { status, stdout, stderr } = await scene.at.program(`prune ${scene.url} --orphans`)
    assert.equal((await scene.archives()).length, 23, `prune has said: ${stdout}${stderr}`)
    assert.notEqual(status, 0, stdout)
    assert.match(stderr, /\b3\b[^]*\b23\b/)
    assert.match(stderr, /--allow-many-orphans/)

    const removed = await scene.at.programOk(`prune ${scene.url} --orphans --allow-many-orphans`)
    assert.match(removed, /^Removed 3 orphans: /m)
    await addOrphan('lost-d')
    assert.match(await scene.at.programOk(`prune ${scene.url} --orphans`), /^Removed 1 orphan: /m)
    await scene.stand(...charts)
    assert.equal((await scene.archives()).length, charts.length)
    await scene.endsWell()
  },
}

/** A collection that was planned by an index which has been replaced meanwhile. */
const collection: Schedule = {
  title: 'a rebuild during a collection does not depend on the deltas that the collection is about to delete',
  play: async (scene) => {
    const app = await scene.chart('app')
    await scene.push(app)
    const [pushed = ''] = await scene.deltas()
    await scene.untilCollectable()
    const hold = scene.hold(new RegExp(`^DELETE charts/index\\.d/${pushed}\\.yaml$`))
    const compaction = scene.start(`compact ${scene.url} --grace-window 1m`)
    await heldFrom(hold, compaction)

    await scene.putIndexText(GARBAGE)
    await scene.at.programOk(`reindex ${scene.url} --rebuild`)
    await scene.stand(app)
    hold.release()
    await hold.passed
    await compaction.result
    await scene.stand(app)

    const web = await scene.chart('web')
    await scene.at.programOk(pushLine(scene, web))
    await scene.stand(app, web)
    await scene.endsWell()
    await scene.loadsInHelm(app, web)
  },
}

export const rebuilds: readonly Schedule[] = [...fractions, ...prunes, share, collection]
