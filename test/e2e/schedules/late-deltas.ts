import assert from 'node:assert/strict'
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

/** More versions than an early release lists for one folded delta. */
const MANY = 51
const MINUTE = 60_000
/** Ends a reader that would start again and again. */
const PATIENCE = { HELM_S3_TIMEOUT: '30s' }

export function manyCharts(scene: Scene): Promise<readonly MadeChart[]> {
  return scene.charts(Array.from({ length: MANY }, (_, i) => `many-${String(i)}`))
}

/** Readers, compaction and status work, and `check` leaves nothing. */
export async function isInOrder(scene: Scene): Promise<void> {
  for (const line of [`download    ${scene.url}/index.yaml`, `compact ${scene.url}`, `status ${scene.url}`]) {
    const { status, stderr } = await scene.at.program(line, PATIENCE)
    assert.equal(status, 0, `${line}: ${stderr}`)
  }
  await scene.endsWell()
}

const onTheWay: Schedule = {
  title: `a delta that arrives late, below a collected one of ${String(MANY)} charts, hides no other chart and stops no reader`,
  play: async (scene) => {
    const [before, late] = [await scene.chart('before'), await scene.chart('late')]
    await scene.push(before)
    const hold = scene.hold(/^PUT charts\/index\.d\//)
    const push = scene.start(pushLine(scene, late))
    await untilAbove(await heldFrom(hold, push))
    await kill(push)
    const many = await manyCharts(scene)
    await scene.push(...many)
    await scene.collect()
    hold.release()
    await hold.passed

    await isInOrder(scene)
    await scene.stand(before, ...many)
    const web = await scene.chart('web')
    await scene.push(web)
    await scene.stand(before, web, ...many)
    await isInOrder(scene)
  },
}

const stoodStill: Schedule = {
  title: `a push that was suspended before its delta, below a collected one of ${String(MANY)} charts, hides no other chart`,
  play: async (scene) => {
    const [before, late] = [await scene.chart('before'), await scene.chart('late')]
    await scene.push(before)
    const many = await manyCharts(scene)
    const program = new ClockedProgram(scene)
    program.before(/^put charts\/index\.d\//, ([key]) =>
      program.standStill(MINUTE + 15_000, async () => {
        await untilAbove(String(key))
        await scene.push(...many)
        await scene.collect()
      }),
    )
    const result = await program.run(pushLine(scene, late), { HELM_S3_TIMEOUT: '110s' })

    await isInOrder(scene)
    await scene.holdsToItsWord(result, late)
    await scene.stand(before, ...many)
  },
}

const stars = ['another version', 'the same version'].map((what): Schedule => ({
  title: `a push of ${what} after a collected delta noted as "*" exits with 0 only if it is in the index`,
  play: async (scene) => {
    const [app, web] = [await scene.chart('app'), await scene.chart('web')]
    await scene.push(app, web)
    // As an early release noted it, with a clock that was ahead.
    await scene.noteCollected(5 * MINUTE, '*')
    const next = what === 'another version' ? await scene.chart('next') : await scene.chart('app', '1.0.0', 'other')
    const force = what === 'another version' ? '' : ' --force'
    const result = await scene.at.program(pushLine(scene, next) + force, PATIENCE)

    await isInOrder(scene)
    await scene.holdsToItsWord(result, next)
    await scene.stand(web)
    const last = await scene.chart('last')
    await scene.holdsToItsWord(await scene.at.program(pushLine(scene, last), PATIENCE), last)
    await scene.stand(web)
    await isInOrder(scene)
  },
}))

export const lateDeltas: readonly Schedule[] = [onTheWay, stoodStill, ...stars]
