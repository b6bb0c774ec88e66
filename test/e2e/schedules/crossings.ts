import assert from 'node:assert/strict'
import { pause } from '../support/servers.ts'
import {
  ClockedProgram,
  type MadeChart,
  type Scene,
  type Schedule,
  heldFrom,
  kill,
  pushLine,
  untilAbove,
} from '../support/schedules.ts'

const ARCHIVE = /^PUT charts\/app-1\.0\.0\.tgz$/
const DELTA = /^PUT charts\/index\.d\//

/** Long enough for every wait for other pushes and for deletions. */
const PATIENCE = { HELM_S3_TIMEOUT: '280s' }

/** Reads the merged index until it has this chart, for at most 20 s. */
async function untilIndexed(scene: Scene, { digest }: MadeChart): Promise<void> {
  for (let look = 0; look < 100; look++) {
    if ((await scene.versions()).some((line) => line.endsWith(digest))) return
    await pause(200)
  }
  throw new Error('the index has not got it in 20 s')
}

const takenOver: Schedule = {
  title: 'a push that adopts the archive of a killed push exits with 0 only when no slower delta can replace its entry',
  play: async (scene) => {
    const [app, other] = [await scene.chart('app'), await scene.chart('app', '1.0.0', 'other')]
    const delta = scene.hold(DELTA)
    const slow = scene.start(pushLine(scene, other))
    await untilAbove(await heldFrom(delta, slow))
    const archive = scene.holdAnswer(ARCHIVE)
    const killed = scene.start(`${pushLine(scene, app)} --force`)
    await heldFrom(archive, killed)
    await kill(killed)

    const taker = scene.at.startProgram(pushLine(scene, app), PATIENCE)
    await untilIndexed(scene, app)
    delta.release()
    await delta.passed
    const results = await Promise.all([taker.result, slow.result])
    assert.ok(
      results.some(({ status }) => status === 1),
      'one of two plain pushes of a version has lost',
    )
    await scene.holdsToItsWord(results[0], app)
    await scene.holdsToItsWord(results[1], other)
    const fixed = await scene.at.program(`check ${scene.url} --deep --fix`)
    assert.equal(fixed.status, 0, fixed.stdout + fixed.stderr)
    await scene.stand(app)
  },
}

const takenForDead: Schedule = {
  title: 'a push --force that another push took for dead while it was suspended is in the index when it succeeds',
  play: async (scene) => {
    const [first, app, rival] = [
      await scene.chart('app', '1.0.0', 'first'),
      await scene.chart('app'),
      await scene.chart('app', '1.0.0', 'rival'),
    ]
    await scene.push(first)
    const program = new ClockedProgram(scene)
    // Its delta lands with an id below a folded removal, and therefore never counts.
    program.before(/^put charts\/index\.d\//, async ([key]) => {
      await untilAbove(String(key))
      await scene.delete(first)
      await scene.at.programOk(`compact ${scene.url}`)
    })
    // Then it is suspended for longer than others wait for a push.
    program.after(/^put charts\/index\.d\//, async () => {
      const { status, stderr } = await scene.at.program(pushLine(scene, rival), PATIENCE)
      assert.equal(status, 0, stderr)
      await scene.stand(rival)
    })
    const result = await program.run(`${pushLine(scene, app)} --force`, PATIENCE)
    assert.equal(result.status, 0, result.stderr)
    await scene.stand(app)
    await scene.endsWell()
  },
}

export const crossings: readonly Schedule[] = [takenOver, takenForDead]
