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

/** Long enough for all waits for pushes that may be under way, and for deletions. */
const PATIENCE = { HELM_S3_TIMEOUT: '280s' }

/** Looks at the merged index until it has this chart: bounded. */
async function untilIndexed(scene: Scene, { digest }: MadeChart): Promise<void> {
  for (let look = 0; look < 100; look++) {
    if ((await scene.versions()).some((line) => line.endsWith(digest))) return
    await pause(200)
  }
  throw new Error('the index has not got it in 20 s')
}

const takenOver: Schedule = {
  title: 'a push that takes over the archive of a killed one says so only when no slower delta can undo it',
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
  title: 'a forced push that another took for dead while it stood still is there when it says so',
  play: async (scene) => {
    const [first, app, rival] = [
      await scene.chart('app', '1.0.0', 'first'),
      await scene.chart('app'),
      await scene.chart('app', '1.0.0', 'rival'),
    ]
    await scene.push(first)
    const program = new ClockedProgram(scene)
    // Its delta lands below a removal that is folded, and never counts.
    program.before(/^put charts\/index\.d\//, async ([key]) => {
      await untilAbove(String(key))
      await scene.delete(first)
      await scene.at.programOk(`compact ${scene.url}`)
    })
    // Then it stands still for longer than a push may be under way.
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
